// Package types has what Traefik reads of a machine outside AWS.
package types

// InstanceInformation is a machine.
type InstanceInformation struct{ InstanceId, IPAddress *string }

// InstanceInformationStringFilter names machines.
type InstanceInformationStringFilter struct {
	Key    *string
	Values []string
}
