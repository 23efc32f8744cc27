import type * as pulumi from "@pulumi/pulumi";
import { APISERVER_PORT } from "../../config/ports.ts";
import type { Host, Infrastructure } from "../contract.ts";
import type { AwsCluster } from "./config/schema.ts";
import type { Network } from "./network.ts";
import { AwsPart } from "./part.ts";
import { Listener, LoadBalancer, Record, TargetGroup, TargetGroupAttachment, Zone } from "./resources.ts";
import type { Groups } from "./security-groups.ts";
import { tagsOf } from "./tags.ts";

export interface ApiBalancerArgs {
  /** The cluster's config: its name, `api` and `aws`. */
  cluster: Pick<AwsCluster, "api" | "aws" | "name">;
  /** Where the balancer is. */
  network: Pick<Network, "privateSubnets" | "publicSubnets" | "ready" | "vpcId">;
  /** Who may reach the API. */
  groups: Pick<Groups, "api">;
}

/** The Network Load Balancer in front of the apiservers, and the API's name, which is an alias of it. */
export class ApiBalancer extends AwsPart {
  /** The balancer's own DNS name. */
  readonly address: pulumi.Output<string>;
  readonly port: number;
  /** The API's endpoint as all other parts see it. */
  readonly endpoint: Infrastructure["endpoint"];

  constructor(name: string, { cluster, groups, network }: ApiBalancerArgs, options?: pulumi.ComponentResourceOptions) {
    super("ApiBalancer", name, options);
    const { api, aws } = cluster;
    const { own } = this;
    const tags = tagsOf(cluster, "api");
    const subnets = aws.api.public ? network.publicSubnets : network.privateSubnets;
    const balancer = new LoadBalancer(
      "api",
      {
        loadBalancerType: "network",
        internal: !aws.api.public,
        subnets: aws.zones.flatMap((zone) => subnets[zone] ?? []),
        securityGroups: [groups.api.id],
        enableCrossZoneLoadBalancing: true,
        tags,
      },
      { ...own, dependsOn: [...network.ready] },
    );
    const targets = new TargetGroup(
      "api",
      {
        vpcId: network.vpcId,
        port: APISERVER_PORT,
        protocol: "TCP",
        targetType: "instance",
        // With the client's address kept, a control plane that reaches itself through the balancer gets no answer.
        preserveClientIp: "false",
        // Longer than a request; a watch that is cut reconnects elsewhere.
        deregistrationDelay: 60,
        connectionTermination: true,
        healthCheck: {
          protocol: "HTTPS",
          path: "/readyz",
          port: String(APISERVER_PORT),
          matcher: "200",
          // The shortest that a network balancer takes; two of them out, two in.
          interval: 5,
          timeout: 4,
          healthyThreshold: 2,
          unhealthyThreshold: 2,
        },
        tags,
      },
      { ...own, deleteBeforeReplace: true },
    );
    const listener = new Listener(
      "api",
      {
        loadBalancerArn: balancer.arn,
        port: api.port,
        protocol: "TCP",
        defaultActions: [{ type: "forward", targetGroupArn: targets.arn }],
        tags,
      },
      { ...own, deleteBeforeReplace: true },
    );
    const { hostedZone } = aws.api;
    const zoneId =
      hostedZone?.id ??
      new Zone(
        "api",
        { name: api.domainName, comment: `Kubernetes API of ${cluster.name}`, vpcs: [{ vpcId: network.vpcId }], tags },
        own,
      ).zoneId;
    const alias = new Record(
      "api",
      {
        zoneId,
        name: api.domainName,
        type: "A",
        aliases: [{ name: balancer.dnsName, zoneId: balancer.zoneId, evaluateTargetHealth: false }],
      },
      { ...own, deleteBeforeReplace: true },
    );
    this.address = balancer.dnsName;
    this.port = api.port;
    this.endpoint = {
      kind: "given",
      address: this.address,
      port: this.port,
      inDns: true,
      admit: (host, options) => admit(host, targets, { ...options, dependsOn: [...dependencies(options), listener, alias] }),
    };
    this.registerOutputs({ address: this.address, port: this.port });
  }
}

const dependencies = ({ dependsOn }: pulumi.CustomResourceOptions): pulumi.Input<pulumi.Resource>[] =>
  dependsOn === undefined ? [] : ((Array.isArray(dependsOn) ? dependsOn : [dependsOn]) as pulumi.Input<pulumi.Resource>[]);

function admit(host: Host, targets: TargetGroup, options: pulumi.CustomResourceOptions): pulumi.Resource {
  if (host.machineId === undefined) throw new Error(`host ${host.name} has no instance that could be behind the balancer`);
  return new TargetGroupAttachment(
    `target-${host.name}`,
    { targetGroupArn: targets.arn, targetId: host.machineId, port: APISERVER_PORT },
    { ...options, deleteBeforeReplace: true },
  );
}
