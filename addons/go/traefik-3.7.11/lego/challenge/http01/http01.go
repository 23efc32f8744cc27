// Package http01 has what Traefik calls of the challenge by HTTP.
package http01

import (
	"time"

	"github.com/go-acme/lego/v5/challenge"
)

// PathPrefix is where an authority asks, by RFC 8555, section 8.3.
const PathPrefix = "/.well-known/acme-challenge/"

// SetDelay does nothing.
func SetDelay(time.Duration) challenge.Option { return nil }
