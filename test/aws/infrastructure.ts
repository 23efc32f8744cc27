import { readFileSync } from "node:fs";
import { CreateSubnetCommand, CreateVpcCommand } from "@aws-sdk/client-ec2";
import { parse } from "yaml";
import type { Clients } from "./clients.ts";

// What an example's provider makes in AWS, without a cluster on it.

const root = new URL("../../", import.meta.url).pathname;

/** A program that makes what the config's provider gives, and nothing on hosts: those don't run. */
export const infrastructureProgram = `
import * as pulumi from "@pulumi/pulumi";
import { loadCluster } from "${root}config/load.ts";
import { createInfrastructure, known } from "${root}providers/index.ts";

const { cluster, secrets } = loadCluster(known);
const { hosts: made, endpoint, scaledPools = {} } = await createInfrastructure({ cluster, secrets });
// As components/apiLoadBalancer.ts does once an apiserver answers.
for (const host of made) if (host.roles.includes("control-plane")) endpoint.admit?.(host, {});
// As components/workerPool.ts does once the API answers.
for (const pool of Object.values(scaledPools)) pool.create(pulumi.output({ content: "stages", sha256: "0".repeat(64) }), {});
export const hosts = Object.fromEntries(made.map(({ name, address, machineId }) => [name, { address, machineId }]));
`;

/** The config of an example, by file name below examples/. `manifest` takes the place of the bundle's, which is on no disk here. */
export function exampleConfig(file: string, manifest: string) {
  const { config } = parse(readFileSync(`${root}examples/${file}`, "utf8"));
  const cluster = config["ha-kubernetes:cluster"];
  // Otherwise the bucket with the snapshots stays, as it should.
  cluster.aws.bucket = { ...cluster.aws.bucket, deleteWithStack: true };
  if (cluster.artifacts?.manifest !== undefined) cluster.artifacts.manifest = manifest;
  return { config, cluster, region: String(config["aws:region"]) };
}

/** Makes what an example says exists already: its VPC and subnets; and takes an image that there is. */
export async function makeExisting({ ec2 }: Clients, cluster: ReturnType<typeof exampleConfig>["cluster"]): Promise<void> {
  for (const machine of Object.values(cluster.aws.machines ?? {}) as { image?: { id?: string } }[]) {
    if (machine.image?.id !== undefined) machine.image.id = "ami-0a0000000000ab002";
  }
  // moto's ids of zones are none that AWS would give. What is made in a zone is seen in one of the program's own.
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
