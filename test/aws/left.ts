import { DescribeAutoScalingGroupsCommand } from "@aws-sdk/client-auto-scaling";
import {
  DescribeAddressesCommand,
  DescribeInstancesCommand,
  DescribeInternetGatewaysCommand,
  DescribeLaunchTemplatesCommand,
  DescribeNatGatewaysCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
} from "@aws-sdk/client-ec2";
import { DescribeLoadBalancersCommand, DescribeTargetGroupsCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import { ListInstanceProfilesCommand, ListPoliciesCommand, ListRolesCommand, ListUsersCommand } from "@aws-sdk/client-iam";
import { ListHostedZonesCommand } from "@aws-sdk/client-route-53";
import { ListBucketsCommand } from "@aws-sdk/client-s3";
import { DescribeParametersCommand } from "@aws-sdk/client-ssm";
import type { Clients } from "./clients.ts";

/** Every list of the account, by its kind: sorted ids, without deleted items that AWS still lists. */
async function listing({ ec2, elb, iam, s3, ssm, autoscaling, route53 }: Clients): Promise<Record<string, string[]>> {
  const gone = /^(terminated|deleted|deleting)$/;
  const gateways = ec2.send(new DescribeNatGatewaysCommand()).then(({ NatGateways = [] }) => NatGateways);
  const lists: Record<string, Promise<(string | undefined)[] | undefined>> = {
    vpc: ec2.send(new DescribeVpcsCommand()).then(({ Vpcs }) => Vpcs?.map((it) => it.VpcId)),
    subnet: ec2.send(new DescribeSubnetsCommand()).then(({ Subnets }) => Subnets?.map((it) => it.SubnetId)),
    "internet gateway": ec2
      .send(new DescribeInternetGatewaysCommand())
      .then(({ InternetGateways }) => InternetGateways?.map((it) => it.InternetGatewayId)),
    "NAT gateway": gateways.then((all) => all.filter(({ State }) => !gone.test(State ?? "")).map((it) => it.NatGatewayId)),
    "elastic address": ec2.send(new DescribeAddressesCommand()).then(({ Addresses }) => Addresses?.map((it) => it.AllocationId)),
    "route table": ec2
      .send(new DescribeRouteTablesCommand())
      .then(({ RouteTables }) => RouteTables?.map((it) => it.RouteTableId)),
    endpoint: ec2
      .send(new DescribeVpcEndpointsCommand())
      .then(({ VpcEndpoints }) => VpcEndpoints?.filter((it) => !gone.test(it.State ?? "")).map((it) => it.VpcEndpointId)),
    "security group": ec2
      .send(new DescribeSecurityGroupsCommand())
      .then(({ SecurityGroups }) => SecurityGroups?.map((it) => it.GroupId)),
    "security group rule": ec2
      .send(new DescribeSecurityGroupRulesCommand())
      .then(({ SecurityGroupRules }) => SecurityGroupRules?.map((it) => it.SecurityGroupRuleId)),
    "network interface": ec2.send(new DescribeNetworkInterfacesCommand()).then(async ({ NetworkInterfaces }) => {
      // moto keeps the interface of a NAT gateway that is deleted; AWS deletes it with the gateway.
      const deleted = (await gateways).filter(({ State }) => gone.test(State ?? ""));
      const of = deleted.flatMap(({ NatGatewayAddresses = [] }) => NatGatewayAddresses.map((it) => it.NetworkInterfaceId));
      return NetworkInterfaces?.map((it) => it.NetworkInterfaceId).filter((id) => !of.includes(id));
    }),
    instance: ec2.send(new DescribeInstancesCommand()).then(({ Reservations }) =>
      Reservations?.flatMap(({ Instances = [] }) => Instances)
        .filter((it) => !gone.test(it.State?.Name ?? ""))
        .map((it) => it.InstanceId),
    ),
    volume: ec2.send(new DescribeVolumesCommand()).then(({ Volumes }) => Volumes?.map((it) => it.VolumeId)),
    snapshot: ec2
      .send(new DescribeSnapshotsCommand({ OwnerIds: ["self"] }))
      .then(({ Snapshots }) => Snapshots?.map((it) => it.SnapshotId)),
    "launch template": ec2
      .send(new DescribeLaunchTemplatesCommand())
      .then(({ LaunchTemplates }) => LaunchTemplates?.map((it) => it.LaunchTemplateId)),
    "load balancer": elb
      .send(new DescribeLoadBalancersCommand())
      .then(({ LoadBalancers }) => LoadBalancers?.map((it) => it.LoadBalancerArn)),
    "target group": elb
      .send(new DescribeTargetGroupsCommand())
      .then(({ TargetGroups }) => TargetGroups?.map((it) => it.TargetGroupArn)),
    role: iam.send(new ListRolesCommand()).then(({ Roles }) => Roles?.map((it) => it.RoleName)),
    "instance profile": iam
      .send(new ListInstanceProfilesCommand())
      .then(({ InstanceProfiles }) => InstanceProfiles?.map((it) => it.InstanceProfileName)),
    policy: iam.send(new ListPoliciesCommand({ Scope: "Local" })).then(({ Policies }) => Policies?.map((it) => it.PolicyName)),
    user: iam.send(new ListUsersCommand()).then(({ Users }) => Users?.map((it) => it.UserName)),
    bucket: s3.send(new ListBucketsCommand()).then(({ Buckets }) => Buckets?.map((it) => it.Name)),
    parameter: ssm.send(new DescribeParametersCommand()).then(({ Parameters }) => Parameters?.map((it) => it.Name)),
    "auto-scaling group": autoscaling
      .send(new DescribeAutoScalingGroupsCommand())
      .then(({ AutoScalingGroups }) => AutoScalingGroups?.map((it) => it.AutoScalingGroupName)),
    "hosted zone": route53.send(new ListHostedZonesCommand()).then(({ HostedZones }) => HostedZones?.map((it) => it.Id)),
  };
  const read = Object.entries(lists).map(
    async ([what, list]) => [what, ((await list) ?? []).map((id) => id ?? "?").sort()] as const,
  );
  return Object.fromEntries(await Promise.all(read));
}

/** Everything in an account, as `<kind> <id>`. The difference to a new account is what a test left. */
export async function everything(clients: Clients): Promise<string[]> {
  const all = await listing(clients);
  return Object.entries(all).flatMap(([what, ids]) => ids.map((id) => `${what} ${id}`));
}
