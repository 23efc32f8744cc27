import { createHash } from "node:crypto";
import type { ProviderRecord } from "../../../config/record.ts";
import { at } from "../../../config/rules/rule.ts";
import type { HostConfig } from "../../../config/schema.ts";
import type { AwsCluster, AwsHost, Image, RootDisk } from "./schema.ts";

// Which machine a host of provider aws is, from the config alone: so that a host added or removed moves no other.

/** Whose machine it is: etcd alone, a control plane with or without etcd, or a worker. */
export type MachineRole = "control-plane" | "etcd" | "worker";

/** An instance, as the config wants it. */
export interface Machine {
  role: MachineRole;
  zone: string;
  instanceType: string;
  architecture: "amd64" | "arm64";
  rootDisk: RootDisk;
  image: Image;
  /** A spot instance. */
  spot: boolean;
  generation: number;
}

/** The processor of an instance type: Graviton ones have a g after the number, as in m7g and c6gn; a1 was the first of them. */
export function architectureOf(instanceType: string): "amd64" | "arm64" {
  return /^([a-z]+\d+g|a1\.)/.test(instanceType) ? "arm64" : "amd64";
}

/**
 * A host's zone: its own setting, or by the number that its name ends in (before the first dot), the first zone for 1; a name without one goes by its
 * digest. No other host has a say in it.
 */
export function zoneOf(name: string, host: AwsHost, zones: readonly string[]): string {
  if (host.aws?.zone !== undefined) return host.aws.zone;
  const number = name.split(".")[0]?.match(/\d+$/)?.[0];
  const place = number === undefined ? createHash("sha256").update(name).digest().readUInt32BE(0) : Number(number) - 1;
  return zones[(place + zones.length) % zones.length] ?? "";
}

/** What role of machine a host is. */
function machineRole({ roles }: Pick<HostConfig, "roles">): MachineRole {
  if (roles.includes("control-plane")) return "control-plane";
  return roles.includes("worker") ? "worker" : "etcd";
}

/** The machine of a host, with all defaults: its own settings, then its pool's, then its role's. */
export function machineOf({ aws, pools }: AwsCluster, name: string, host: AwsHost): Machine {
  const role = machineRole(host);
  const pool = role !== "worker" || host.pool === undefined ? undefined : pools[host.pool]?.aws;
  const base = aws.machines[role === "control-plane" ? "controlPlane" : role];
  const instanceType = host.aws?.instanceType ?? pool?.instanceType ?? base.instanceType;
  return {
    role,
    zone: zoneOf(name, host, aws.zones),
    instanceType,
    architecture: architectureOf(instanceType),
    rootDisk: host.aws?.rootDisk ?? pool?.rootDisk ?? base.rootDisk,
    image: host.aws?.image ?? pool?.image ?? base.image,
    spot: pool?.spot ?? false,
    generation: host.aws?.generation ?? 1,
  };
}

/** The machine of a pool's instances that no host names. */
export function poolMachine({ aws, pools }: AwsCluster, name: string): Omit<Machine, "role" | "zone" | "generation"> {
  const pool = pools[name]?.aws;
  const base = aws.machines.worker;
  const instanceType = pool?.instanceType ?? base.instanceType;
  return {
    instanceType,
    architecture: architectureOf(instanceType),
    rootDisk: pool?.rootDisk ?? base.rootDisk,
    image: pool?.image ?? base.image,
    spot: pool?.spot ?? false,
  };
}

type MachineSettings = Partial<Pick<Machine, "image" | "instanceType" | "rootDisk">>;

/** Settings of machines by role, by pool and by host, each with its path in the config. */
export const machineSettings = ({ aws, pools, hosts }: AwsCluster): (MachineSettings & { path: string })[] => [
  ...Object.entries(aws.machines).map(([role, machine]) => ({ ...machine, path: at("aws", "machines", role) })),
  ...Object.entries(pools).map(([name, pool]) => ({ ...pool.aws, path: at("pools", name, "aws") })),
  ...Object.entries(hosts).map(([name, host]) => ({ ...host.aws, path: at("hosts", name, "aws") })),
];

/** An image in one word, as the config names it. */
function imageText({ os, id, owner, name }: Image): string {
  return id ?? (owner !== undefined && name !== undefined ? `${owner}/${name}` : os);
}

/** What an instance is made with and can't change while it runs: another text means that it is stopped or replaced. */
export function bornWith({ instanceType, image, generation, spot }: Machine): string {
  return [instanceType, imageText(image), `generation ${generation}`, ...(spot ? ["spot"] : [])].join(", ");
}

/** The processor of a host, or of a pool whose instances no host names. */
export const hostArchitecture = (cluster: AwsCluster, kind: "hosts" | "pools", name: string): Machine["architecture"] =>
  kind === "pools"
    ? poolMachine(cluster, name).architecture
    : machineOf(cluster, name, cluster.hosts[name] as AwsHost).architecture;

/** What the next `up` is told of the network and of each host's instance. */
export function recordMachines(cluster: AwsCluster): ProviderRecord {
  const { network, api } = cluster.aws;
  const { existing, vpcCidr } = network;
  const subnets = existing && [...Object.entries(existing.privateSubnetIds)].sort().map(([zone, id]) => `${zone} ${id}`);
  const vpc = existing === undefined ? `a VPC of ${vpcCidr}` : `${existing.vpcId} (${subnets?.join(", ")})`;
  const machines = Object.entries(cluster.hosts).map(([name, host]) => {
    const machine = machineOf(cluster, name, host);
    return [name, { zone: machine.zone, born: bornWith(machine) }];
  });
  return { network: `${vpc}, the API ${api.public ? "public" : "private"}`, machines: Object.fromEntries(machines) };
}
