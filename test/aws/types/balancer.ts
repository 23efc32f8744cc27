import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  DeleteListenerCommand,
  DeleteLoadBalancerCommand,
  DeleteTargetGroupCommand,
  DeregisterTargetsCommand,
  DescribeLoadBalancersCommand,
  ModifyLoadBalancerAttributesCommand,
  ModifyTargetGroupAttributesCommand,
  RegisterTargetsCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { first, type Inputs, type Kinds, only, tagList } from "../kind.ts";

/** Attributes of the API, each the text of a given input. */
const attributes = (inputs: Inputs, names: Readonly<Record<string, string>>) =>
  Object.entries(names)
    .filter(([key]) => inputs[key] !== undefined)
    .map(([key, Key]) => ({ Key, Value: String(inputs[key]) }));

const target = ({ targetGroupArn: TargetGroupArn, targetId: Id, port: Port }: Inputs) => ({
  TargetGroupArn,
  Targets: [{ Id, Port }],
});

/** Network Load Balancers. */
export const balancerKinds: Kinds = {
  "aws:lb/loadBalancer:LoadBalancer": {
    optional: `loadBalancerType internal subnets securityGroups enableCrossZoneLoadBalancing enableDeletionProtection
      ipAddressType dnsRecordClientRoutingPolicy tags`,
    replaces: "name loadBalancerType internal subnets",
    named: { key: "name", length: 32 },
    create: async ({ elb }, inputs) => {
      const made = await elb.send(
        new CreateLoadBalancerCommand({
          Name: inputs.name,
          Type: inputs.loadBalancerType,
          Scheme: inputs.internal ? "internal" : "internet-facing",
          Subnets: inputs.subnets,
          SecurityGroups: inputs.securityGroups,
          IpAddressType: inputs.ipAddressType,
          Tags: inputs.tags && tagList(inputs.tags),
        }),
      );
      const LoadBalancerArn = first("the new balancer", made.LoadBalancers).LoadBalancerArn ?? "";
      const Attributes = attributes(inputs, {
        enableCrossZoneLoadBalancing: "load_balancing.cross_zone.enabled",
        enableDeletionProtection: "deletion_protection.enabled",
        dnsRecordClientRoutingPolicy: "dns_record.client_routing_policy",
      });
      if (Attributes.length > 0) await elb.send(new ModifyLoadBalancerAttributesCommand({ LoadBalancerArn, Attributes }));
      return LoadBalancerArn;
    },
    read: async ({ elb }, arn) => {
      const { LoadBalancers } = await elb.send(new DescribeLoadBalancersCommand({ LoadBalancerArns: [arn] }));
      const { DNSName = "", CanonicalHostedZoneId = "", VpcId = "" } = first(arn, LoadBalancers);
      const arnSuffix = arn.replace(/^.*:loadbalancer\//, "");
      return { arn, arnSuffix, dnsName: DNSName, zoneId: CanonicalHostedZoneId, vpcId: VpcId };
    },
    delete: ({ elb }, LoadBalancerArn) => elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn })),
  },
  "aws:lb/targetGroup:TargetGroup": {
    required: "port protocol vpcId",
    optional:
      "targetType healthCheck deregistrationDelay preserveClientIp connectionTermination loadBalancingCrossZoneEnabled tags",
    replaces: "name port protocol vpcId targetType",
    named: { key: "name", length: 32 },
    create: async ({ elb }, inputs) => {
      const check = only(
        "healthCheck",
        inputs.healthCheck ?? {},
        "enabled protocol path port interval timeout healthyThreshold unhealthyThreshold matcher",
      );
      const made = await elb.send(
        new CreateTargetGroupCommand({
          Name: inputs.name,
          Port: inputs.port,
          Protocol: inputs.protocol,
          VpcId: inputs.vpcId,
          TargetType: inputs.targetType,
          HealthCheckEnabled: check.enabled,
          HealthCheckProtocol: check.protocol,
          HealthCheckPath: check.path,
          HealthCheckPort: check.port,
          HealthCheckIntervalSeconds: check.interval,
          HealthCheckTimeoutSeconds: check.timeout,
          HealthyThresholdCount: check.healthyThreshold,
          UnhealthyThresholdCount: check.unhealthyThreshold,
          ...(check.matcher && { Matcher: { HttpCode: check.matcher } }),
          Tags: inputs.tags && tagList(inputs.tags),
        }),
      );
      const TargetGroupArn = first("the new target group", made.TargetGroups).TargetGroupArn ?? "";
      const Attributes = attributes(inputs, {
        deregistrationDelay: "deregistration_delay.timeout_seconds",
        preserveClientIp: "preserve_client_ip.enabled",
        connectionTermination: "deregistration_delay.connection_termination.enabled",
        loadBalancingCrossZoneEnabled: "load_balancing.cross_zone.enabled",
      });
      if (Attributes.length > 0) await elb.send(new ModifyTargetGroupAttributesCommand({ TargetGroupArn, Attributes }));
      return TargetGroupArn;
    },
    read: async (_, arn) => ({ arn, arnSuffix: arn.replace(/^.*:targetgroup/, "targetgroup") }),
    delete: ({ elb }, TargetGroupArn) => elb.send(new DeleteTargetGroupCommand({ TargetGroupArn })),
  },
  "aws:lb/targetGroupAttachment:TargetGroupAttachment": {
    required: "targetGroupArn targetId",
    optional: "port availabilityZone",
    replaces: "targetGroupArn targetId port availabilityZone",
    create: async ({ elb }, inputs) => {
      await elb.send(new RegisterTargetsCommand(target(inputs)));
      return `${inputs.targetGroupArn}-${inputs.targetId}`;
    },
    delete: ({ elb }, _, inputs) => elb.send(new DeregisterTargetsCommand(target(inputs))),
  },
  "aws:lb/listener:Listener": {
    required: "loadBalancerArn defaultActions",
    optional: "port protocol tcpIdleTimeoutSeconds tags",
    replaces: "loadBalancerArn port protocol defaultActions",
    create: async ({ elb }, inputs) => {
      const made = await elb.send(
        new CreateListenerCommand({
          LoadBalancerArn: inputs.loadBalancerArn,
          Port: inputs.port,
          Protocol: inputs.protocol,
          DefaultActions: inputs.defaultActions.map((action: Inputs) => {
            const { type: Type, targetGroupArn: TargetGroupArn } = only("defaultActions", action, "type targetGroupArn");
            return { Type, TargetGroupArn };
          }),
          Tags: inputs.tags && tagList(inputs.tags),
        }),
      );
      return first("the new listener", made.Listeners).ListenerArn ?? "";
    },
    read: async (_, arn) => ({ arn }),
    delete: ({ elb }, ListenerArn) => elb.send(new DeleteListenerCommand({ ListenerArn })),
  },
};
