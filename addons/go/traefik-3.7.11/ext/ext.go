// Package ext stands in for a module that Traefik keeps inside its own repository and replaces by a path, so that no
// registry has it. Traefik embeds these types, which hold nothing.
package ext

// HTTP extends the configuration of HTTP.
type HTTP struct{}

// Router extends the configuration of a router.
type Router struct{}
