// Package ec2 stands in for AWS's client, which alone takes two gigabytes of memory to compile. Traefik asks it about machines of ECS, a
// provider that a cluster has no use for.
package ec2

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// Client asks nobody.
type Client struct{}

// NewFromConfig makes a client.
func NewFromConfig(any) *Client { return &Client{} }

// DescribeInstancesInput names machines.
type DescribeInstancesInput struct{ InstanceIds []string }

// DescribeInstancesOutput has machines.
type DescribeInstancesOutput struct{ Reservations []types.Reservation }

// DescribeInstancesPaginator fails at its first page.
type DescribeInstancesPaginator struct{}

// NewDescribeInstancesPaginator makes one.
func NewDescribeInstancesPaginator(*Client, *DescribeInstancesInput) *DescribeInstancesPaginator {
	return &DescribeInstancesPaginator{}
}

// HasMorePages is always true.
func (*DescribeInstancesPaginator) HasMorePages() bool { return true }

// NextPage fails.
func (*DescribeInstancesPaginator) NextPage(context.Context) (*DescribeInstancesOutput, error) {
	return nil, errors.New("this Traefik was built without ECS")
}
