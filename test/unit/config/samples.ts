import { createHash } from "node:crypto";
import type { KnownVersions } from "../../../config/versions.ts";

/** A config as a user writes it: any JSON. */
// biome-ignore lint/suspicious/noExplicitAny: tests break it in every way a user can
export type Written = any;

/** A public key that is a host's own. */
export const hostKeyOf = (address: string): string => {
  const kind = Buffer.from("\0\0\0\x0bssh-ed25519\0\0\0\x20", "latin1");
  return `ssh-ed25519 ${Buffer.concat([kind, createHash("sha256").update(address).digest()]).toString("base64")}`;
};
const host = (address: string, roles: string[], more: object = {}) => ({
  address,
  roles,
  hostKey: hostKeyOf(address),
  ...more,
});

/** Three stacked control planes and two workers on metal: right, and every key that has no default is there. */
export function metal(): Written {
  return {
    name: "prod",
    provider: "baremetal",
    kubernetesVersion: "1.36.3",
    nodeCidrs: ["10.0.0.0/24"],
    api: { domainName: "api.example.com", address: "10.0.0.10" },
    hosts: {
      m1: host("10.0.0.11", ["etcd", "balancer", "control-plane"]),
      m2: host("10.0.0.12", ["etcd", "balancer", "control-plane"]),
      m3: host("10.0.0.13", ["etcd", "balancer", "control-plane"]),
      w1: host("10.0.0.21", ["worker"], { pool: "general" }),
      w2: host("10.0.0.22", ["worker"], { pool: "general" }),
    },
    pools: { general: {} },
  };
}

/** The same in the lab. */
export function lab(): Written {
  const config = metal();
  for (const entry of Object.values<Written>(config.hosts)) delete entry.hostKey;
  return { ...config, provider: "lab", lab: { subnet: "10.0.0.0/24" } };
}

/** The same on aws. */
export function aws(): Written {
  const config = metal();
  for (const entry of Object.values<Written>(config.hosts)) {
    delete entry.hostKey;
    delete entry.address;
    entry.roles = entry.roles.filter((role: string) => role !== "balancer");
  }
  return {
    ...config,
    provider: "aws",
    nodeCidrs: ["10.0.0.0/16"],
    api: { domainName: "api.example.com", port: 6443 },
    aws: {
      zones: ["eu-central-1a", "eu-central-1b", "eu-central-1c"],
      ssh: { bastion: { allowedCidrs: ["203.0.113.0/24"] } },
    },
  };
}

/** One more control plane host, for counts. */
export const master = (number: number) => host(`10.0.0.${10 + number}`, ["etcd", "balancer", "control-plane"]);

const recommended = {
  etcd: "3.6.14",
  containerd: "2.3.4",
  runc: "1.4.3",
  cniPlugins: "1.9.1",
  flannel: "0.28.4",
  coredns: "1.14.2",
};

/** A small lock, so that these tests don't change with the real one. */
export const known: KnownVersions = {
  kubernetes: ["1.33.13", "1.34.4", "1.35.4", "1.36.1", "1.36.3"],
  parts: {
    etcd: ["3.5.21", "3.5.25", "3.5.27", "3.6.13", "3.6.14"],
    containerd: ["2.1.5", "2.3.4"],
    runc: ["1.4.3"],
    cniPlugins: ["1.9.1"],
    flannel: ["0.28.4"],
    coredns: ["1.13.1", "1.14.2"],
  },
  recommended: (version) => (known.kubernetes.includes(version) ? recommended : undefined),
};

/** A config that must be refused. */
export interface Bad {
  mistake: string;
  from: () => Written;
  edit: (config: Written) => void;
  /** The key of every problem, in order; test/golden/config-messages.txt has their texts. */
  keys: readonly string[];
}

/** A mistake on metal, with the keys of its problems. */
export const bad = (mistake: string, edit: (config: Written) => void, ...keys: string[]): Bad => ({
  mistake,
  from: metal,
  edit,
  keys,
});
