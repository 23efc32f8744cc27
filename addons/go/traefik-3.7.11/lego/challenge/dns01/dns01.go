// Package dns01 has what Traefik calls of the challenge by DNS.
package dns01

import (
	"strings"
	"time"

	"github.com/go-acme/lego/v5/challenge"
)

// ChallengeOption is one of the challenge.
type ChallengeOption = challenge.Option

// Options are those of a client.
type Options struct{ RecursiveNameservers []string }

// Client asks name servers.
type Client struct{}

// NewClient makes nothing.
func NewClient(*Options) *Client { return nil }

// SetDefaultClient does nothing.
func SetDefaultClient(*Client) {}

// LazyCondOption does nothing.
func LazyCondOption(bool, func() ChallengeOption) ChallengeOption { return nil }

// CombineOptions does nothing.
func CombineOptions(...ChallengeOption) ChallengeOption { return nil }

// CondOptions does nothing.
func CondOptions(bool, ...ChallengeOption) ChallengeOption { return nil }

// DisableAuthoritativeNssPropagationRequirement does nothing.
func DisableAuthoritativeNssPropagationRequirement() ChallengeOption { return nil }

// DisableRecursiveNSsPropagationRequirement does nothing.
func DisableRecursiveNSsPropagationRequirement() ChallengeOption { return nil }

// PropagationWait does nothing.
func PropagationWait(time.Duration, bool) ChallengeOption { return nil }

// UnFqdn is a name without the dot at its end.
func UnFqdn(name string) string { return strings.TrimSuffix(name, ".") }
