import { z } from "zod";
import { hostSchema, poolSchema, roleSchema } from "./hosts.ts";
import { addonsSchema } from "./schema/addons.ts";
import { apiSchema } from "./schema/api.ts";
import { artifactsSchema } from "./schema/artifacts.ts";
import { balancerSchema } from "./schema/balancer.ts";
import { certificatesSchema } from "./schema/certificates.ts";
import { featureGatesSchema } from "./schema/component.ts";
import { containerRuntimeSchema } from "./schema/container-runtime.ts";
import { controllerManagerSchema, schedulerSchema } from "./schema/control-plane.ts";
import { drainSchema } from "./schema/drain.ts";
import { etcdSchema } from "./schema/etcd.ts";
import { hostPreparationSchema } from "./schema/host-preparation.ts";
import { kubeProxySchema } from "./schema/kube-proxy.ts";
import { kubeletSchema } from "./schema/kubelet.ts";
import { maintenanceSchema } from "./schema/maintenance.ts";
import { networkSchema } from "./schema/network.ts";
import { preflightSchema } from "./schema/preflight.ts";
import { proxySchema } from "./schema/proxy.ts";
import { sshSchema } from "./schema/ssh.ts";
import { sizes } from "./sizes.ts";
import type { ProviderTraits } from "./traits.ts";
import { cidr, dnsLabel, hostName, line, oneOf, version } from "./values.ts";

// ONE typed object describes a cluster, whatever gives the hosts. Everything that has a sensible default has one, and its
// description says what the default does. Rules that look at more than one key are in rules.ts, rules about a change in changes.ts.

/** Refusals of changes.ts that may be overridden by name. */
const overrideSchema = oneOf(["patch-downgrade", "membership-jump", "change-with-upgrade", "early-key-drop", "pod-network"]);

/** Schemas of sections by key. They add nothing to the types here: each provider has types of its own. */
type Sections = Record<never, never>;

const hosts = (own: Sections) =>
  z
    .record(hostName, hostSchema.extend(own).describe("One host."))
    .default({})
    .describe("The hosts by name. The name is the Node's name and the host name: quoted where YAML reads a number.");

const pools = (own: Sections) =>
  z.record(dnsLabel, poolSchema.extend(own).describe("One worker pool.")).default({}).describe("Worker pools by name.");

/** What the config of a cluster has with every provider: the stack's key `ha-kubernetes:cluster`. */
const sharedSchema = z.strictObject({
  name: dnsLabel.describe("The cluster's name. Part of the owner mark on every host, so it can't change."),
  provider: line,
  kubernetesVersion: version
    .optional()
    .describe(
      "Kubernetes version; one that artifacts/lock.json has. By default the newest of this release whose files can all be had: by published hashes with official and a mirror of official files, as builds in the lab and with a bundle. Name it for a cluster that is to last: another release has another default, and then `up` is refused until you name a version.",
    ),
  versions: z
    .strictObject({
      etcd: version.optional().describe("etcd. Kubernetes 1.34 and newer need 3.5.24 or newer."),
      containerd: version.optional().describe("containerd. Kubernetes 1.37 needs 2.3 or newer, 1.36 needs 2.2 or newer."),
      runc: version.optional().describe("runc."),
      cniPlugins: version.optional().describe("The CNI project's plugins."),
      flannel: version.optional().describe("flannel, the pod network."),
      coredns: version.optional().describe("CoreDNS, the cluster's DNS."),
    })
    .prefault({})
    .describe("Versions of the other parts. By default those that artifacts/lock.json recommends for the Kubernetes version."),
  upgradePath: oneOf(["step", "auto"])
    .default("step")
    .describe(
      "step: kubernetesVersion goes up one minor version in each edit. auto: where it is two or three away, one `up` takes the control planes through the newest known version of each minor one between; each version's files are needed.",
    ),
  size: oneOf(sizes)
    .optional()
    .describe(
      "How many nodes the cluster is to have: small: fewer than 20, medium: fewer than 200, large: fewer than 1000, xlarge: more. It is a preset for keys that the config leaves out, which docs/sizes.md lists. By default none.",
    ),
  nodeCidrs: z
    .array(cidr)
    .min(1, { error: "at least one range" })
    .describe(
      "Every network that hosts of this cluster are or will be in, of both families with dual stack. Firewalls allow these, so a new host changes nothing on others.",
    ),
  hosts: hosts({}),
  pools: pools({}),
  api: apiSchema,
  balancer: balancerSchema,
  etcd: etcdSchema,
  network: networkSchema,
  certificates: certificatesSchema,
  featureGates: featureGatesSchema,
  controllerManager: controllerManagerSchema,
  scheduler: schedulerSchema,
  kubelet: kubeletSchema,
  kubeProxy: kubeProxySchema,
  containerRuntime: containerRuntimeSchema,
  preflight: preflightSchema.describe("What preflight, the look at every host before anything is changed, lets pass."),
  hostPreparation: hostPreparationSchema,
  drain: drainSchema,
  maintenance: maintenanceSchema,
  addons: addonsSchema,
  artifacts: artifactsSchema,
  proxy: proxySchema,
  ssh: sshSchema,
  repair: line
    .default("")
    .describe(
      "Any words, such as a date: when they change, `up` runs every stage on every host again, and each mends only what differs there. By default none.",
    ),
  allow: z
    .array(overrideSchema)
    .default([])
    .describe(
      "Refusals of a change that are overridden, by the name their message gives. Take it out after the `up`. By default none.",
    ),
});

/** The whole config of one cluster, with providers' own sections. `about` says what these providers are. */
export const clusterSchema = (
  providers: readonly string[],
  about: string,
  own: { cluster: Sections; host: Sections; pool: Sections },
): z.ZodType<PlainCluster> =>
  sharedSchema.extend({
    provider: oneOf(providers as [string, ...string[]]).describe(about),
    hosts: hosts(own.host),
    pools: pools(own.pool),
    ...own.cluster,
  });

type Sectioned<T> = Readonly<Record<string, T & Readonly<Record<string, unknown>>>>;
type Input = z.input<typeof sharedSchema>;

/** A config as a person writes it: what has a default may be left out. Providers' own sections have no types here. */
export type ClusterInput = Omit<Input, "hosts" | "pools"> & {
  hosts?: Sectioned<NonNullable<Input["hosts"]>[string]>;
  pools?: Sectioned<NonNullable<Input["pools"]>[string]>;
  [section: string]: unknown;
};

/** A config whose keys are right by themselves: every default filled in. */
export type PlainCluster = z.output<typeof sharedSchema>;
type PlainHost = PlainCluster["hosts"][string];
/** A host. `address` is the one of the primary family. */
export type HostConfig = PlainHost & {
  /** That of the other family, with dual stack. */
  secondAddress?: string;
};

/**
 * A validated cluster, with what its provider does. Where an address may be written for each family, `address` is the first one. Ranges
 * for both families are one text, see `listOf` in addresses.ts.
 */
export type Cluster = Omit<PlainCluster, "kubernetesVersion" | "hosts" | "api"> & {
  kubernetesVersion: string;
  hosts: Record<string, HostConfig>;
  api: PlainCluster["api"] & {
    /** The virtual IP, or the balancer's address, of the other family. */
    secondAddress?: string;
  };
  /** True where the config names no Kubernetes version. */
  defaultVersion?: true;
  traits: ProviderTraits;
};
export type Role = z.output<typeof roleSchema>;
export type Override = z.output<typeof overrideSchema>;

export { roleSchema };
