// Package certificate has the requests that Traefik fills in.
package certificate

import (
	"context"

	"github.com/go-acme/lego/v5/certcrypto"
)

// Resource is a certificate.
type Resource struct {
	ID                      string
	Domains                 []string
	PrivateKey, Certificate []byte
}

// ObtainRequest asks for a certificate.
type ObtainRequest struct {
	Domains, EmailAddresses  []string
	Bundle, EnableCommonName bool
	Profile, PreferredChain  string
	KeyType                  certcrypto.KeyType
}

// RenewOptions are those of a renewal.
type RenewOptions struct {
	Bundle                  bool
	EmailAddresses          []string
	Profile, PreferredChain string
}

// Certifier is never made.
type Certifier struct{}

// Obtain is never called.
func (Certifier) Obtain(context.Context, ObtainRequest) (*Resource, error) { return nil, nil }

// Renew is never called.
func (Certifier) Renew(context.Context, Resource, *RenewOptions) (*Resource, error) { return nil, nil }
