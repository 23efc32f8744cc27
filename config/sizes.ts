import { isMapping } from "./schema/component.ts";

// Presets by the number of nodes that a cluster is to have: what keys say that the config leaves out. Each number has its source.

/** The sizes, by how many nodes they are for: fewer than 20, 200 and 1000, and up to the 5000 that Kubernetes supports. */
export const sizes = ["small", "medium", "large", "xlarge"] as const;
type Size = (typeof sizes)[number];

/** S3 takes 5 GiB in one upload, and a snapshot may be as big as the quota. */
const largestInS3 = 5120;

/**
 * What a size says, by the path of the key.
 *
 * - Requests at once: Kubernetes' own scripts for GCE (cluster/gce/gci/configure-kubeapiserver.sh) have 1500 and 500 for more than 500
 *   nodes, 3000 and 1000 for more than 3000.
 * - etcd's quota: the same scripts have 4 GiB; etcd advises 8 GiB at most, which OpenShift has.
 * - The controller manager's requests: OpenShift's operator has 150 each second and 300 at once.
 * - CoreDNS: one pod for 16 nodes, as Kubernetes' dns-horizontal-autoscaler has it, and no more than its key allows. Memory: the CoreDNS
 *   project says (pods + Services) / 1000 + 54 MB, which is 174 for 110 pods on each of 1000 nodes and 10,000 Services, and 214 for
 *   Kubernetes' limit of 150,000 pods.
 * - haproxy: about 10 connections for each node, as `balancer.maximumConnections` has it.
 */
const presets: Readonly<Record<Size, Readonly<Record<string, number>>>> = {
  small: {},
  medium: { "etcd.quotaMebibytes": 4096, "addons.coredns.replicas": 13 },
  large: {
    "api.maxRequestsInflight": 1500,
    "api.maxMutatingRequestsInflight": 500,
    "controllerManager.kubeApiQps": 150,
    "controllerManager.kubeApiBurst": 300,
    "etcd.quotaMebibytes": 8192,
    "addons.coredns.replicas": 63,
    "addons.coredns.memoryLimitMebibytes": 256,
  },
  xlarge: {
    "api.maxRequestsInflight": 3000,
    "api.maxMutatingRequestsInflight": 1000,
    "balancer.maximumConnections": 50_000,
    "controllerManager.kubeApiQps": 150,
    "controllerManager.kubeApiBurst": 300,
    "etcd.quotaMebibytes": 8192,
    "addons.coredns.replicas": 100,
    "addons.coredns.memoryLimitMebibytes": 512,
  },
};

/** The argument that says the same as a key of a preset: where the config has that, the preset is silent. */
const sameArgument: Readonly<Record<string, string>> = {
  "api.maxRequestsInflight": "max-requests-inflight",
  "api.maxMutatingRequestsInflight": "max-mutating-requests-inflight",
  "controllerManager.kubeApiQps": "kube-api-qps",
  "controllerManager.kubeApiBurst": "kube-api-burst",
};

interface Surroundings {
  /** Whether the provider has the balancer, so that `balancer` is not read. */
  ownsEndpoint?: boolean;
  /** Whether snapshots go to a bucket that the provider makes. */
  ownsBackupBucket?: boolean;
}

/** A config as a person wrote it, with what its size says of keys that it leaves out. Without a size it stays as it is. Pure. */
export function withSize(written: unknown, { ownsEndpoint, ownsBackupBucket }: Surroundings = {}): unknown {
  if (!isMapping(written)) return written;
  const size = sizes.find((name) => name === written.size);
  if (size === undefined) return written;
  const inS3 = ownsBackupBucket || below(written, ["etcd", "backup", "copyToS3"]) !== undefined;
  return Object.entries(presets[size]).reduce<Record<string, unknown>>((config, [path, value]) => {
    const [section = "", ...rest] = path.split(".");
    const argument = sameArgument[path];
    if (section === "balancer" && ownsEndpoint) return config;
    if (argument !== undefined && below(config, [section, "extraArgs", argument]) !== undefined) return config;
    return given(config, [section, ...rest], path === "etcd.quotaMebibytes" && inS3 ? Math.min(value, largestInS3) : value);
  }, written);
}

const below = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((inner, name) => (isMapping(inner) ? inner[name] : undefined), value);

/** With a value at a path that has none. Another value in a mapping's place stays: it is reported later. */
function given(config: Record<string, unknown>, [name = "", ...rest]: readonly string[], value: number): Record<string, unknown> {
  const inner = config[name];
  if (rest.length === 0) return inner === undefined ? { ...config, [name]: value } : config;
  if (inner !== undefined && !isMapping(inner)) return config;
  return { ...config, [name]: given(inner ?? {}, rest, value) };
}
