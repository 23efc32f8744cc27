// Package lego stands in for Traefik's client of ACME authorities, which with all its providers of DNS is half of what Traefik is
// compiled from, and partly in no registry. Traefik has its interfaces; a resolver that asks for a certificate is told that it is left out.
package lego

import (
	"crypto/x509"
	"errors"
	"net/http"
	"time"

	"github.com/go-acme/lego/v5/certificate"
	"github.com/go-acme/lego/v5/challenge"
	"github.com/go-acme/lego/v5/registration"
)

// DirectoryURLLetsEncrypt is the usual authority.
const DirectoryURLLetsEncrypt = "https://acme-v02.api.letsencrypt.org/directory"

// ErrLeftOut says why no certificate comes.
var ErrLeftOut = errors.New("this Traefik was built without ACME: have cert-manager ask for certificates")

// Config is a client's.
type Config struct {
	CADirURL, UserAgent string
	Certificate         struct{ Timeout time.Duration }
	HTTPClient          *http.Client
}

// Client is never made.
type Client struct {
	Certificate  certificate.Certifier
	Challenge    challenge.Manager
	Registration registration.Registrar
}

// NewConfig is an empty one.
func NewConfig(any) *Config { return &Config{} }

// NewClient fails.
func NewClient(*Config) (*Client, error) { return nil, ErrLeftOut }

// CreateCertPool fails.
func CreateCertPool([]string, bool) (*x509.CertPool, error) { return nil, ErrLeftOut }
