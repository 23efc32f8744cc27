import * as pulumi from "@pulumi/pulumi";
import { configuredArtifacts } from "../configured.ts";
import type { Host, Infrastructure, ProviderArgs } from "../contract.ts";
import { awsAddons } from "./addons/registry.ts";
import { createBastion } from "./bastion.ts";
import { createBucket } from "./bucket.ts";
import type { AwsCluster } from "./config/schema.ts";
import { sshKey } from "./connection.ts";
import { costs } from "./cost.ts";
import { createLoadBalancer } from "./load-balancer.ts";
import { createMachine } from "./machines.ts";
import { createNetwork } from "./network.ts";
import { createPools } from "./pools.ts";
import { regionOf } from "./region.ts";
import { createRoles } from "./roles.ts";
import { createSecurityGroups } from "./security-groups.ts";
import { namingOf } from "./tags.ts";

/** Instances over availability zones, a Network Load Balancer before the apiservers, and a volume for each etcd member. */
export function awsInfrastructure({ cluster, parent }: ProviderArgs<AwsCluster>): Infrastructure {
  const { aws } = cluster;
  const component = new Aws("aws", { parent });
  void pulumi.log.info(
    `On AWS this costs money:\n${costs(cluster, aws)
      .map((line) => `  ${line}`)
      .join("\n")}`,
    component,
  );
  const naming = namingOf(cluster);
  const region = regionOf(aws.zones);
  const network = createNetwork(aws, region, naming, component);
  const groups = createSecurityGroups(cluster, network, naming, component);
  const profiles = createRoles(cluster, region, naming, component);
  const login = sshKey("login-key", component);
  const bastion = createBastion({ aws, network, groups, login, naming }, component);
  const machines = { cluster, aws, network, groups, profiles, bastion, login, naming };
  const hosts = Object.entries(cluster.hosts).map(([name, host]): Host => {
    const { roles, pool, incarnation, lost } = host;
    return { name, roles, pool, incarnation, lost, ...createMachine(name, host, machines, component) };
  });
  const bucket = createBucket(cluster, aws, region, profiles, naming, component);
  return {
    hosts,
    endpoint: createLoadBalancer(cluster, aws, { network, groups, naming }, component),
    artifacts: configuredArtifacts(cluster.artifacts),
    kubeletExtraArgs: { "cloud-provider": "external" },
    addons: awsAddons({ region, kmsKey: aws.kmsKey }),
    backupBucket: bucket?.backup,
    ...createPools({ cluster, aws, region, network, groups, bucket, naming }, component),
  };
}

/** Holds everything of AWS. */
class Aws extends pulumi.ComponentResource {
  constructor(name: string, options: pulumi.ComponentResourceOptions) {
    super("ha-kubernetes:providers:Aws", name, {}, options);
    this.registerOutputs();
  }
}
