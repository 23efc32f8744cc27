// Package dns would have the providers of DNS.
package dns

import (
	"github.com/go-acme/lego/v5/challenge"
	"github.com/go-acme/lego/v5/lego"
)

// NewDNSChallengeProviderByName fails.
func NewDNSChallengeProviderByName(string) (challenge.Provider, error) { return nil, lego.ErrLeftOut }
