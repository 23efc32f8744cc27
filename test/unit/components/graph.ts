import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import {
  type FileName,
  type ImageGroup,
  imageFile,
  imageGroups,
  lock,
  lockedFile,
  resolveVersions,
} from "../../../artifacts/lock.ts";
import { imageVersion } from "../../../artifacts/plan.ts";

// The program's graph under Pulumi's mocks: which resources a cluster makes, and with which inputs.

/** A registered resource: its type and inputs. */
export interface Registered {
  type: string;
  inputs: Record<string, unknown>;
}

let runs = 0;
let lastRecorded: object | undefined;
let registered = new Map<string, Registered>();

const mocks: pulumi.runtime.Mocks = {
  newResource: ({ type, name, inputs }) => {
    registered.set(`${type} ${name}`, { type, inputs });
    return { id: `${name}-id`, state: { ...inputs, ...outputs(type, name) } };
  },
  call: ({ inputs }) => inputs,
};

// Enough of what the real providers answer for the pure code behind to run.
function outputs(type: string, name: string): Record<string, unknown> {
  if (type.startsWith("tls:")) {
    return {
      privateKeyPem: `key of ${name}`,
      publicKeyPem: `public key of ${name}`,
      certRequestPem: `request of ${name}`,
      certPem: `certificate of ${name}`,
    };
  }
  if (type.startsWith("command:")) return { stdout: `token-of-${name}` };
  if (type === "pulumi:pulumi:StackReference")
    return { outputs: lastRecorded === undefined ? {} : { recorded: lastRecorded, etcdBorn: true } };
  return { hex: "0011aabb", result: `result-of-${name}` };
}

/**
 * Runs the program with a config and returns what it registered, by `type name`. `recorded` is what the last `up` left in its
 * outputs: none by default.
 */
export async function graphOf(cluster: object, recorded?: object): Promise<Map<string, Registered>> {
  registered = new Map();
  lastRecorded = recorded;
  pulumi.runtime.setAllConfig(
    { "ha-kubernetes:cluster": JSON.stringify(cluster), "ha-kubernetes:sshPrivateKey": sshPrivateKey },
    ["ha-kubernetes:sshPrivateKey"],
  );
  process.env.PULUMI_CONFIG_SECRET_KEYS = '["ha-kubernetes:sshPrivateKey"]';
  await pulumi.runtime.setMocks(mocks, "ha-kubernetes", "test");
  runs += 1;
  await import(`../../../index.ts?run=${runs}`);
  await pulumi.runtime.disconnect();
  return registered;
}

const sshPrivateKey = "-----BEGIN OPENSSH PRIVATE KEY-----\nYm9ndXM=\n-----END OPENSSH PRIVATE KEY-----\n";

/** A manifest of a bundle that has everything, with hashes of nothing. */
function manifestFile(): string {
  const path = join(mkdtempSync(join(tmpdir(), "ha-kubernetes-")), "manifest.json");
  const { versions } = resolveVersions({ kubernetesVersion: "1.36.3", versions: {} });
  const version = (name: FileName) =>
    ({ "cni-plugins": versions.cniPlugins, "flannel-cni": versions.flannelCni })[name as string] ??
    (versions as Record<string, string>)[name] ??
    versions.kubernetes;
  const names = Object.keys(lock.files) as FileName[];
  const files = [
    ...names.map((name) => lockedFile(name, version(name), "amd64").file),
    ...(Object.keys(imageGroups) as ImageGroup[]).map((group) => imageFile(group, imageVersion(group, versions), "amd64")),
  ];
  writeFileSync(path, JSON.stringify({ files: Object.fromEntries(files.map((file) => [file, { sha256: "0".repeat(64) }])) }));
  return path;
}

/** A bare-metal cluster: three hosts of every role and `workers` workers, changed by `edit`. */
export function clusterOf(
  workers: number,
  edit: (cluster: { hosts: Record<string, object> } & Record<string, unknown>) => void = () => {},
): object {
  const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGNvbnN0YW50LWtleS1mb3ItdGVzdHMtb25seS0wMDAw";
  const hosts: Record<string, object> = {};
  for (const n of [1, 2, 3]) hosts[`m${n}`] = { address: `10.0.0.1${n}`, roles: ["etcd", "balancer", "control-plane"], hostKey };
  for (let n = 1; n <= workers; n++) hosts[`w${n}`] = { address: `10.0.1.${n}`, roles: ["worker"], pool: "general", hostKey };
  const cluster = {
    name: "test",
    provider: "baremetal",
    kubernetesVersion: "1.36.3",
    nodeCidrs: ["10.0.0.0/16"],
    api: { domainName: "api.test.internal", address: "10.0.0.10" },
    artifacts: { source: "bundle", manifest: manifestFile() },
    hosts,
    pools: { general: {} },
  };
  edit(cluster);
  return cluster;
}
