// Package types has what Traefik reads of a machine.
package types

// InstanceStateName is the state of a machine.
type InstanceStateName string

// InstanceStateNameRunning is that of one that runs.
const InstanceStateNameRunning InstanceStateName = "running"

// InstanceState has the name of a state.
type InstanceState struct{ Name InstanceStateName }

// Instance is a machine.
type Instance struct {
	InstanceId, PrivateIpAddress *string
	State                        *InstanceState
}

// Reservation has machines that were started together.
type Reservation struct{ Instances []Instance }
