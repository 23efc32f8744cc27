// Package tlsalpn01 has what Traefik calls of the challenge by TLS.
package tlsalpn01

import (
	"time"

	"github.com/go-acme/lego/v5/challenge"
	"github.com/go-acme/lego/v5/lego"
)

// ACMETLS1Protocol is the challenge's protocol, by RFC 8737. Traefik knows such connections by it.
const ACMETLS1Protocol = "acme-tls/1"

// ChallengeBlocks fails.
func ChallengeBlocks(_, _ string) (certificate, key []byte, err error) {
	return nil, nil, lego.ErrLeftOut
}

// SetDelay does nothing.
func SetDelay(time.Duration) challenge.Option { return nil }
