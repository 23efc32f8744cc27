import { createHash } from "node:crypto";
import type { Change, Refusal } from "../../../config/changes/change.ts";
import { refusals } from "../../../config/changes.ts";
import { knownBy, providerOf, sectionProblems, sectionRule } from "../../../config/provider.ts";
import type { Rule } from "../../../config/rules/rule.ts";
import { rules, warnings } from "../../../config/rules.ts";
import type { Cluster } from "../../../config/schema.ts";
import type { KnownVersions } from "../../../config/versions.ts";
import { providers } from "../../../providers/index.ts";

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
const versions: KnownVersions = {
  kubernetes: ["1.33.13", "1.34.4", "1.35.4", "1.36.1", "1.36.3"],
  parts: {
    etcd: ["3.5.21", "3.5.25", "3.5.27", "3.6.13", "3.6.14"],
    containerd: ["2.1.5", "2.3.4"],
    runc: ["1.4.3"],
    cniPlugins: ["1.9.1"],
    flannel: ["0.28.4"],
    coredns: ["1.13.1", "1.14.2"],
  },
  recommended: (version) => (versions.kubernetes.includes(version) ? recommended : undefined),
};

/** What configs of these tests may name. */
export const known = knownBy(versions, providers);

/** Every rule, warning and refusal: the shared ones, and those of each provider, which see nothing of others. */
const ofProviders = (kind: "rules" | "warnings"): Rule[] =>
  providers.flatMap((provider) =>
    (provider[kind] ?? []).map(({ says, check }) => ({
      says,
      check: (cluster, versions) =>
        cluster.provider === provider.name && sectionProblems(cluster, known).length === 0 ? check(cluster, versions) : [],
    })),
  );
export const allRules: readonly Rule[] = [
  { says: sectionRule, check: (cluster) => sectionProblems(cluster, known) },
  ...rules,
  ...ofProviders("rules"),
];
export const allWarnings: readonly Rule[] = [...warnings, ...ofProviders("warnings")];
export const allRefusals: readonly Refusal[] = [
  ...refusals,
  ...providers.flatMap(({ name, refusals = [] }) =>
    refusals.map((refusal) => ({
      ...refusal,
      check: (change: Change) => (change.after.provider === name ? refusal.check(change) : []),
    })),
  ),
];

/** A config with its defaults, whatever the rules say of it; undefined where a key is wrong by itself. */
export function clusterOf(config: Written): Cluster | undefined {
  const { data } = known.schema.safeParse(JSON.parse(JSON.stringify(config)));
  return data && { ...data, traits: providerOf(known, data.provider).traits };
}

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
