import { z } from "zod";
import { awsSchema } from "../providers/aws/config/schema.ts";
import { hostSchema, poolSchema, roleSchema, sshSchema } from "./hosts.ts";
import { addonsSchema } from "./schema/addons.ts";
import { apiSchema } from "./schema/api.ts";
import { artifactsSchema } from "./schema/artifacts.ts";
import { balancerSchema } from "./schema/balancer.ts";
import { certificatesSchema } from "./schema/certificates.ts";
import { containerRuntimeSchema } from "./schema/container-runtime.ts";
import { drainSchema } from "./schema/drain.ts";
import { etcdSchema } from "./schema/etcd.ts";
import { hostPreparationSchema } from "./schema/host-preparation.ts";
import { kubeletSchema } from "./schema/kubelet.ts";
import { networkSchema } from "./schema/network.ts";
import { cidr, dnsLabel, hostName, line, oneOf, version } from "./values.ts";

// ONE typed object describes a cluster, whatever gives the hosts. Everything that has a sensible default has one, and its
// description says what the default does. Rules that look at more than one key are in rules.ts, rules about a change in changes.ts.

/** Refusals of changes.ts that may be overridden by name. */
export const overrideSchema = oneOf(["patch-downgrade", "membership-jump", "change-with-upgrade", "early-key-drop"]);

/** The lab provider's settings. */
const labSchema = z
  .strictObject({
    subnet: cidr.describe(
      "The bridge's network; hosts and the virtual IP are in it. Not used by anything else on this machine. Its first address is the machine's own.",
    ),
    sshUser: oneOf(["root", "ops"]).default("root").describe("Who the program logs in as: root, or ops, a user with sudo."),
  })
  .optional()
  .describe("The lab provider's settings. Required for provider lab, refused for others.");

/** The whole config of one cluster: the stack's key `ha-kubernetes:cluster`. */
export const clusterSchema = z.strictObject({
  name: dnsLabel.describe("The cluster's name. Part of the owner mark on every host, so it can't change."),
  provider: oneOf(["lab", "baremetal", "aws"]).describe(
    "Where hosts come from: lab makes throw-away hosts on this machine, baremetal takes hosts that exist, aws makes instances.",
  ),
  kubernetesVersion: version.describe("Kubernetes version; one that artifacts/lock.json has."),
  versions: z
    .strictObject({
      etcd: version.optional().describe("etcd. Kubernetes 1.34 and newer need 3.5.24 or newer."),
      containerd: version.optional().describe("containerd. Kubernetes 1.36 needs 2.2 or newer."),
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
  nodeCidrs: z
    .array(cidr)
    .min(1, { error: "at least one IPv4 range" })
    .describe(
      "Every network that hosts of this cluster are or will be in. Firewalls allow these, so a new host changes nothing on others.",
    ),
  hosts: z
    .record(hostName, hostSchema)
    .default({})
    .describe("The hosts by name. The name is the Node's name and the host name: quoted where YAML reads a number."),
  pools: z.record(dnsLabel, poolSchema).default({}).describe("Worker pools by name."),
  api: apiSchema,
  balancer: balancerSchema,
  etcd: etcdSchema,
  network: networkSchema,
  certificates: certificatesSchema,
  kubelet: kubeletSchema,
  containerRuntime: containerRuntimeSchema,
  hostPreparation: hostPreparationSchema,
  drain: drainSchema,
  addons: addonsSchema,
  artifacts: artifactsSchema,
  ssh: sshSchema,
  lab: labSchema,
  aws: awsSchema,
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

/** A validated cluster: every default filled in. */
export type Cluster = z.output<typeof clusterSchema>;
export type Role = z.output<typeof roleSchema>;
export type HostConfig = Cluster["hosts"][string];
export type Override = z.output<typeof overrideSchema>;

export { roleSchema };
