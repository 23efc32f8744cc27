// Package log would take Traefik's log.
package log

import "log/slog"

// SetDefault does nothing.
func SetDefault(*slog.Logger) {}
