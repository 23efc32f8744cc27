import { readFileSync } from "node:fs";
import { CreateSubnetCommand, CreateVpcCommand } from "@aws-sdk/client-ec2";
import { parse } from "yaml";
import type { Clients } from "./clients.ts";

// The resources that an example's provider creates in AWS, without a cluster.

const root = new URL("../../", import.meta.url).pathname;

/** A program that creates the provider's resources and runs nothing on hosts, which do not exist. */
export const infrastructureProgram = `
import * as pulumi from "@pulumi/pulumi";
import { loadCluster } from "${root}config/load.ts";
import { createInfrastructure, known } from "${root}providers/index.ts";

const { cluster, secrets } = loadCluster(known);
const { hosts: made, endpoint, scaledPools = {} } = await createInfrastructure({ cluster, secrets });
// As components/api-load-balancer.ts does once an apiserver answers.
for (const host of made) if (host.roles.includes("control-plane")) endpoint.admit?.(host, {});
// As components/worker-pool.ts does once the API answers.
for (const pool of Object.values(scaledPools)) pool.create(pulumi.output({ content: "stages", sha256: "0".repeat(64) }), {});
export const hosts = Object.fromEntries(made.map(({ name, address, machineId }) => [name, { address, machineId }]));
`;

/** The config of an example, by file name below examples/. `manifest` replaces the bundle's, which does not exist here. */
export function exampleConfig(file: string, manifest: string) {
  const { config } = parse(readFileSync(`${root}examples/${file}`, "utf8"));
  const cluster = config["ha-kubernetes:cluster"];
  // Without this the bucket with the snapshots would stay, as it should.
  cluster.aws.bucket = { ...cluster.aws.bucket, deleteWithStack: true };
  if (cluster.artifacts?.manifest !== undefined) cluster.artifacts.manifest = manifest;
  return { config, cluster, region: String(config["aws:region"]) };
}

/** Creates the VPC and subnets that an example expects, and chooses an existing image. */
export async function makeExisting({ ec2 }: Clients, cluster: ReturnType<typeof exampleConfig>["cluster"]): Promise<void> {
  for (const machine of Object.values(cluster.aws.machines ?? {}) as { image?: { id?: string } }[]) {
    if (machine.image?.id !== undefined) machine.image.id = "ami-0a0000000000ab002";
  }
  // moto's ids of hosted zones look unlike AWS's. The program creates a zone of its own instead.
  delete cluster.aws.api?.hostedZone;
  const { existing } = cluster.aws.network ?? {};
  if (existing === undefined) return;
  const [range] = cluster.nodeCidrs as string[];
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: range }));
  existing.vpcId = Vpc?.VpcId;
  const base = String(range).replace(/\.\d+\.\d+\/\d+$/, "");
  let part = 0;
  for (const ids of [existing.privateSubnetIds, existing.publicSubnetIds]) {
    for (const AvailabilityZone of Object.keys(ids)) {
      const CidrBlock = `${base}.${part++}.0/24`;
      const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId: Vpc?.VpcId, CidrBlock, AvailabilityZone }));
      ids[AvailabilityZone] = Subnet?.SubnetId;
    }
  }
}
