// Package ssm stands in for AWS's client, like package ec2.
package ssm

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// Client asks nobody.
type Client struct{}

// NewFromConfig makes a client.
func NewFromConfig(any) *Client { return &Client{} }

// DescribeInstanceInformationInput names machines.
type DescribeInstanceInformationInput struct {
	Filters []types.InstanceInformationStringFilter
}

// DescribeInstanceInformationOutput has machines.
type DescribeInstanceInformationOutput struct {
	InstanceInformationList []types.InstanceInformation
}

// DescribeInstanceInformationPaginator fails at its first page.
type DescribeInstanceInformationPaginator struct{}

// NewDescribeInstanceInformationPaginator makes one.
func NewDescribeInstanceInformationPaginator(*Client, *DescribeInstanceInformationInput) *DescribeInstanceInformationPaginator {
	return &DescribeInstanceInformationPaginator{}
}

// HasMorePages is always true.
func (*DescribeInstanceInformationPaginator) HasMorePages() bool { return true }

// NextPage fails.
func (*DescribeInstanceInformationPaginator) NextPage(context.Context) (*DescribeInstanceInformationOutput, error) {
	return nil, errors.New("this Traefik was built without ECS")
}
