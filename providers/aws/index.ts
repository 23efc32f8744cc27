import * as pulumi from "@pulumi/pulumi";
import { configuredArtifacts } from "../configured.ts";
import type { Infrastructure, ProviderArgs } from "../contract.ts";
import { awsAddons } from "./addons/registry.ts";
import { ApiBalancer } from "./api-balancer.ts";
import { Bastion } from "./bastion.ts";
import { needsBucket, StackBucket, scaledPoolNames } from "./bucket.ts";
import type { AwsCluster } from "./config/schema.ts";
import { sshKey } from "./connection.ts";
import { costs } from "./cost.ts";
import { joinTokenFiles } from "./hosts/join-tokens.ts";
import { Machine } from "./machine.ts";
import { Network } from "./network.ts";
import { Pool, type PoolArgs } from "./pool.ts";
import { regionOf } from "./region.ts";
import { InstanceRoles } from "./roles.ts";
import { SecurityGroups } from "./security-groups.ts";

/** Instances over availability zones, a Network Load Balancer before the apiservers, and a volume for each etcd member. */
export function awsInfrastructure({ cluster, parent: above }: ProviderArgs<AwsCluster>): Infrastructure {
  const { aws } = cluster;
  const component = new Aws("aws", { parent: above });
  void pulumi.log.info(
    `On AWS this costs money:\n${costs(cluster, aws)
      .map((line) => `  ${line}`)
      .join("\n")}`,
    component,
  );
  const parent = { parent: component };
  const region = regionOf(aws.zones);
  const network = new Network("network", { cluster, region }, parent);
  const { groups } = new SecurityGroups("security-groups", { cluster, network }, parent);
  const { profiles } = new InstanceRoles("roles", { cluster, region }, parent);
  const login = sshKey("login-key", parent);
  const { ready } = network;
  const subnetId = network.publicSubnets[aws.zones[0] ?? ""];
  const wanted = aws.ssh.bastion;
  const bastion =
    wanted && subnetId !== undefined
      ? new Bastion("bastion", { cluster, instanceType: wanted.instanceType, subnetId, ready, groups, login }, parent)
      : undefined;
  const machines = Object.entries(cluster.hosts).map(
    ([name, host]) => new Machine(name, { cluster, host, network, groups, profiles, login, bastion }, parent),
  );
  const bucket = needsBucket(cluster) ? new StackBucket("bucket", { cluster, region, profiles }, parent) : undefined;
  const pools = bucket === undefined ? {} : poolsOf({ cluster, region, network, groups, bucket: bucket.bucket }, parent);
  return {
    hosts: machines.map(({ host }) => host),
    endpoint: new ApiBalancer("api", { cluster, network, groups }, parent).endpoint,
    artifacts: configuredArtifacts(cluster.artifacts),
    kubeletExtraArgs: { "cloud-provider": "external" },
    addons: awsAddons({ region, kmsKey: aws.kmsKey }),
    backupBucket: bucket?.backup,
    ...pools,
  };
}

/** The pools that scale, and what control planes need to give their instances join tokens. */
function poolsOf(args: PoolArgs, parent: pulumi.ComponentResourceOptions): Pick<Infrastructure, "joinTokens" | "scaledPools"> {
  const pools = scaledPoolNames(args.cluster).map((name) => [name, new Pool(name, args, parent)] as const);
  if (pools.length === 0) return {};
  const parameters = Object.fromEntries(pools.map(([name, { parameter }]) => [name, parameter]));
  return { scaledPools: Object.fromEntries(pools), joinTokens: joinTokenFiles({ region: args.region, parameters }) };
}

/** Holds everything of AWS. */
class Aws extends pulumi.ComponentResource {
  constructor(name: string, options: pulumi.ComponentResourceOptions) {
    super("ha-kubernetes:providers:Aws", name, {}, options);
    this.registerOutputs();
  }
}
