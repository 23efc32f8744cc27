import { z } from "zod";
import { ownPreparationSchema } from "./schema/host-preparation.ts";
import { preflightSchema } from "./schema/preflight.ts";
import {
  absolutePath,
  dnsLabel,
  hostKey,
  hostNameOrAddress,
  interfaceName,
  ipAddresses,
  labelKey,
  labelValue,
  line,
  loginName,
  oneOf,
  onOff,
  port,
  whole,
} from "./values.ts";

// The hosts, how they are reached, and the pools workers belong to.

/** What a host can be. */
export const roleSchema = oneOf(["etcd", "balancer", "control-plane", "worker"]);

const taintSchema = z.strictObject({
  key: labelKey.describe("Taint key."),
  value: labelValue.default("").describe("Taint value."),
  effect: oneOf(["NoSchedule", "PreferNoSchedule", "NoExecute"]).describe("Taint effect."),
});

/** One host. */
export const hostSchema = z.strictObject({
  address: ipAddresses
    .optional()
    .describe(
      "The address other hosts reach this one at; also in its certificates. For dual stack a list of two, the primary family first: hosts speak with each other at the first one. Required, unless the provider gives addresses.",
    ),
  roles: z
    .array(roleSchema)
    .min(1, { error: "at least one role" })
    .describe(
      "What the host is. One host may have several roles; a worker has no other, unless it is a control plane, which then is open to ordinary pods.",
    ),
  pool: dnsLabel
    .optional()
    .describe(
      "The worker pool it belongs to. Required for a worker; a control plane with the role worker may have one, for its labels and taints.",
    ),
  architecture: oneOf(["amd64", "arm64"]).default("amd64").describe("Its processor architecture; checked on the host."),
  connection: oneOf(["ssh", "local"])
    .default("ssh")
    .describe("local: the machine that runs this program; commands run there without SSH, as root or by `sudo`."),
  sshAddress: hostNameOrAddress.optional().describe("Where SSH reaches it, where that is not `address`."),
  sshPort: port.optional().describe("Where it differs from ssh.port."),
  sshUser: loginName.optional().describe("Where it differs from ssh.user."),
  sshBastion: dnsLabel
    .optional()
    .describe("The one of `ssh.bastions` that leads to it, where that is not ssh.bastion; `none`: it is reached directly."),
  sudo: onOff
    .default(false)
    .describe(
      "For `connection: local` alone. true: a user who is not root runs this program, and becomes root by sudo. By SSH every user but root uses sudo.",
    ),
  hostKey: hostKey
    .optional()
    .describe(
      "Its public SSH host key: one line, as its /etc/ssh/ssh_host_*_key.pub or ssh-keyscan has it. RSA keys prove themselves by SHA-2. A provider that makes hosts makes it.",
    ),
  labels: z
    .record(labelKey, labelValue)
    .default({})
    .describe("Labels of its Node, over those of its pool. Workers and control planes only. By default none."),
  taints: z
    .array(taintSchema)
    .default([])
    .describe("Taints of its Node, beside those of its pool. Workers and control planes only. By default none."),
  annotations: z
    .record(labelKey, line)
    .default({})
    .describe("Annotations of its Node. Workers and control planes only. By default none."),
  balancerInterface: interfaceName
    .optional()
    .describe("The virtual IP's interface on this host, where it is not balancer.interface. Balancers only."),
  flannelInterface: interfaceName
    .optional()
    .describe(
      "The interface for pod traffic on this host, where it is not network.flannelInterface. Workers and control planes only. The first host that has it makes flannel restart on every node; another value restarts it on this host alone.",
    ),
  dataDevice: absolutePath
    .optional()
    .describe(
      "A block device for etcd's data. Formatted only when it is blank; otherwise it must hold an empty ext4 or this member's own data. By default etcd.dataDirectory is on the root disk.",
    ),
  hostPreparation: ownPreparationSchema,
  preflight: preflightSchema.describe("What preflight lets pass on this host, beside what it lets pass on all."),
  lost: onOff
    .default(false)
    .describe(
      "true: the host is gone for good. Its member and Node are removed elsewhere and nothing runs on it; delete the entry in the next edit.",
    ),
  incarnation: whole(1, 1_000_000)
    .default(1)
    .describe(
      "Raise it when the host was reinstalled under the same name: every stage then runs as on a new host. A provider that makes machines makes a new one with a blank volume.",
    ),
});

/** A pool whose size the cluster autoscaler decides. */
const autoscalingSchema = z
  .strictObject({
    minimum: whole(0, 5000).describe("Fewest instances."),
    maximum: whole(1, 5000).describe("Most instances."),
  })
  .optional()
  .describe(
    "Make the pool's workers by an auto-scaling group over the zones, sized by the cluster autoscaler; `hosts` names none of them. Only with a provider that scales pools.",
  );

/** One worker pool. */
export const poolSchema = z.strictObject({
  labels: z
    .record(labelKey, labelValue)
    .default({})
    .describe("Node labels. By default none but the pool's own, ha-kubernetes/pool."),
  taints: z.array(taintSchema).default([]).describe("Node taints. By default none."),
  maxUnavailable: whole(1, 5000)
    .default(1)
    .describe("How many of its workers may be out of service at once while a change is rolled through the pool."),
  autoscaling: autoscalingSchema,
});
