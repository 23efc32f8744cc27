// Package challenge has the interface of Traefik's own challenges.
package challenge

import "context"

// Provider answers a challenge.
type Provider interface {
	Present(ctx context.Context, domain, token, keyAuth string) error
	CleanUp(ctx context.Context, domain, token, keyAuth string) error
}

// Option is one of a challenge.
type Option any

// Manager is never made.
type Manager struct{}

// SetDNS01Provider is never called.
func (Manager) SetDNS01Provider(Provider, ...Option) error { return nil }

// SetHTTP01Provider is never called.
func (Manager) SetHTTP01Provider(Provider, ...Option) error { return nil }

// SetTLSALPN01Provider is never called.
func (Manager) SetTLSALPN01Provider(Provider, ...Option) error { return nil }
