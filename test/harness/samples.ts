import { createHash, generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { addonLock } from "../../addons/lock.ts";
import { wantedFiles } from "../../artifacts/bundle-plan.ts";
import { knownVersions } from "../../artifacts/known-versions.ts";
import { resolveVersions } from "../../artifacts/lock.ts";
import { addressText, lastByte, range } from "../../config/addresses.ts";
import { completed } from "../../config/parse.ts";
import { knownBy, providerOf } from "../../config/provider.ts";
import type { Cluster } from "../../config/schema.ts";
import type { KnownVersions } from "../../config/versions.ts";
import { type OpensshKey, opensshKey } from "../../keys/openssh.ts";
import { awsLock } from "../../providers/aws/addons/lock.ts";
import { providers } from "../../providers/index.ts";
import { scratch } from "./scratch.ts";

// Configs of clusters without hosts.

/** Made-up hashes of a complete bundle, by file name. */
export function bundleHashes(): Record<string, string> {
  const files = knownVersions().whole.built.flatMap((kubernetesVersion) => {
    const { versions } = resolveVersions({ kubernetesVersion, versions: {} });
    return (["amd64", "arm64"] as const).flatMap((architecture) =>
      // The oldest version is only for upgrades to begin with, so it lacks the clouds' components.
      wantedFiles(versions, architecture, "build", [addonLock, ...(kubernetesVersion === "1.34.4" ? [] : [awsLock])]).map(
        ({ file }) => file,
      ),
    );
  });
  return Object.fromEntries(files.map((file) => [file, createHash("sha256").update(file).digest("hex")]));
}

/** Writes the manifest of a complete bundle with made-up hashes; returns its path. */
export function manifestFile(): string {
  const path = join(scratch(), "manifest.json");
  const files = Object.entries(bundleHashes()).map(([file, sha256]) => [file, { sha256 }]);
  writeFileSync(path, JSON.stringify({ files: Object.fromEntries(files) }));
  return path;
}

/** A config as a user writes it: any JSON. */
// biome-ignore lint/suspicious/noExplicitAny: tests break it in every way a user can
export type Written = any;

export interface HostEntry {
  address: string;
  roles: readonly string[];
  pool?: string;
  [key: string]: unknown;
}

/** A cluster's config as a user would write it. */
export interface ClusterConfig {
  name: string;
  hosts: Record<string, HostEntry>;
  nodeCidrs: string[];
  api: { domainName: string; address: string; [key: string]: unknown };
  [key: string]: unknown;
}

/** The address at this place of a network such as 10.79.128.0/24; of a cluster, in its first network. */
export function addressIn(network: string | ClusterConfig, place: number): string {
  const cidr = typeof network === "string" ? network : (network.nodeCidrs[0] as string);
  return addressText(range(cidr).first + BigInt(place), range(cidr).family);
}

/** The roles of a host of the control plane that also holds etcd and the balancer. */
export const everyRole = ["etcd", "balancer", "control-plane"];

/** A host at this place of a network; a worker is in pool `general`. */
export function hostAt(network: string | ClusterConfig, place: number, ...roles: readonly string[]): HostEntry {
  return { address: addressIn(network, place), roles, ...(roles.includes("worker") && { pool: "general" }) };
}

/** A cluster in the lab: m1 to m3 with every role and w1, w2, … as workers. It has every key that has no default, and no other. */
export function labCluster(name: string, subnet: string, workers = 2): ClusterConfig {
  const members = [1, 2, 3].map((number) => [`m${number}`, hostAt(subnet, 10 + number, ...everyRole)]);
  const pool = Array.from({ length: workers }, (_, index) => [`w${index + 1}`, hostAt(subnet, 21 + index, "worker")]);
  return {
    name,
    provider: "lab",
    kubernetesVersion: "1.36.3",
    nodeCidrs: [subnet],
    lab: { subnet },
    api: { domainName: `api.${name}.internal`, address: addressIn(subnet, 10) },
    hosts: Object.fromEntries([...members, ...pool]),
    pools: { general: {} },
  };
}

/** The IPv6 address at the place that an IPv4 one has in its range. */
const inIpv6 = (address: string, subnet: string) => addressIn(subnet, lastByte(address));

/** An IPv6 range that goes with an IPv4 one of the tests. */
export const ipv6Of = (subnet: string): string => `fd00:${subnet.split(".").slice(0, 3).join(":")}::/64`;

/** The same cluster with IPv6 alone. */
export function onIpv6(config: ClusterConfig): ClusterConfig {
  const subnet = ipv6Of(config.nodeCidrs[0] as string);
  const hosts = Object.entries(config.hosts).map(([name, host]) => [name, { ...host, address: inIpv6(host.address, subnet) }]);
  return {
    ...config,
    nodeCidrs: [subnet],
    ...(config.lab !== undefined && { lab: { subnet } }),
    api: { ...config.api, address: inIpv6(config.api.address, subnet) },
    hosts: Object.fromEntries(hosts),
    network: { podCidr: "fd00:10:244::/56", serviceCidr: "fd00:10:96::/112" },
  };
}

/** The same cluster with both families, IPv4 first. */
export function onBoth(config: ClusterConfig): Written {
  const other = onIpv6(config);
  const both = (of: (from: ClusterConfig) => string) => [of(config), of(other)];
  return {
    ...config,
    nodeCidrs: [...config.nodeCidrs, ...other.nodeCidrs],
    ...(config.lab !== undefined && { lab: { subnet: both(({ nodeCidrs }) => nodeCidrs[0] as string) } }),
    api: { ...config.api, address: both(({ api }) => api.address) },
    hosts: Object.fromEntries(
      Object.entries(config.hosts).map(([name, host]) => [
        name,
        { ...host, address: both(({ hosts }) => hosts[name]?.address as string) },
      ]),
    ),
    network: { podCidr: ["10.244.0.0/16", "fd00:10:244::/56"], serviceCidr: ["10.96.0.0/16", "fd00:10:96::/112"] },
  };
}

/** A public key that is a host's own. */
export const hostKeyOf = (address: string): string => {
  const kind = Buffer.from("\0\0\0\x0bssh-ed25519\0\0\0\x20", "latin1");
  return `ssh-ed25519 ${Buffer.concat([kind, createHash("sha256").update(address).digest()]).toString("base64")}`;
};

/** The same cluster on hosts that exist already. */
export function metalCluster(name: string, network: string, workers = 2): ClusterConfig {
  const { lab: _, ...config } = labCluster(name, network, workers);
  for (const host of Object.values(config.hosts)) host.hostKey = hostKeyOf(host.address);
  return { ...config, provider: "baremetal" };
}

const subnet = "10.0.0.0/24";

/** A sample in the lab that a test may edit. */
export const lab = (): Written => labCluster("prod", subnet);

/** A sample on hosts that exist already. */
export const metal = (): Written => metalCluster("prod", subnet);

/** A sample on aws. */
export function aws(): Written {
  const { lab: _, ...config } = lab();
  for (const entry of Object.values<Written>(config.hosts)) {
    delete entry.address;
    entry.roles = entry.roles.filter((role: string) => role !== "balancer");
  }
  return {
    ...config,
    provider: "aws",
    nodeCidrs: ["10.0.0.0/16"],
    api: { domainName: "api.prod.internal", port: 6443 },
    aws: {
      zones: ["eu-central-1a", "eu-central-1b", "eu-central-1c"],
      ssh: { bastion: { allowedCidrs: ["203.0.113.0/24"] } },
    },
  };
}

/** One more host with every role for `metal()`. */
export const oneMore = (number: number): HostEntry => {
  const host = hostAt(subnet, 10 + number, ...everyRole);
  return { ...host, hostKey: hostKeyOf(host.address) };
};

/** A bare-metal cluster whose bundle has everything, with this many workers, changed by `edit`. */
export function clusterOf(
  workers: number,
  edit: (cluster: { hosts: Record<string, object> } & Record<string, unknown>) => void = () => {},
): ClusterConfig {
  const cluster = { ...metalCluster("test", "10.0.0.0/16", workers), artifacts: { source: "bundle", manifest: manifestFile() } };
  edit(cluster);
  return cluster;
}

const recommended = {
  etcd: "3.6.14",
  containerd: "2.3.4",
  runc: "1.4.3",
  cniPlugins: "1.9.1",
  flannel: "0.28.4",
  coredns: "1.14.2",
};

const parts = {
  etcd: ["3.5.21", "3.5.25", "3.5.27", "3.6.8", "3.6.13", "3.6.14", "3.7.3"],
  containerd: ["2.1.5", "2.2.9", "2.3.4"],
  runc: ["1.4.3"],
  cniPlugins: ["1.9.1"],
  flannel: ["0.28.4"],
  coredns: ["1.13.1", "1.14.2"],
};

/** A small lock, so that these tests don't change with the real one. */
const smallLock: KnownVersions = {
  kubernetes: ["1.33.13", "1.34.4", "1.35.4", "1.35.8", "1.36.1", "1.36.3", "1.37.2"],
  parts,
  recommended: (version) => (smallLock.kubernetes.includes(version) ? recommended : undefined),
  whole: {
    published: ["1.33.13", "1.34.4", "1.35.4", "1.36.1", "1.36.3"],
    built: ["1.33.13", "1.34.4", "1.35.4", "1.36.1", "1.36.3"],
  },
  builtParts: { ...parts, etcd: ["3.6.13", "3.6.14", "3.7.3"] },
  defaults: { published: "1.36.3", built: "1.36.1" },
};

/** What configs may name with the small lock. */
export const known = knownBy(smallLock, providers);

/** A config with its defaults, whatever the rules say of it. */
export function clusterFrom(config: unknown): Cluster {
  const data = known.schema.parse(JSON.parse(JSON.stringify(config)));
  return completed(data, providerOf(known, data.provider).traits, known);
}

/** A new private key in OpenSSH's form. */
export const newPrivateKey = (): string => (opensshKey(generateKeyPairSync("ed25519").privateKey) as OpensshKey).privateKey;
