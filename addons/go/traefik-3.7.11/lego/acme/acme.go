// Package acme has what Traefik's files of accounts hold.
package acme

// Account is an account at an authority.
type Account struct{}

// ExtendedAccount is an account with its address.
type ExtendedAccount struct {
	Account
	Location string
}
