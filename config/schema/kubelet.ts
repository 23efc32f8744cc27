import { z } from "zod";
import { bytes, count, matching, oneOf, onOff, processors, whole } from "../values.ts";
import { mapping } from "./component.ts";

const resources = (what: string) =>
  z
    .strictObject({
      cpu: processors.optional().describe("Processors."),
      memory: bytes.optional().describe("Memory."),
      "ephemeral-storage": bytes.optional().describe("Room on the disk of /var/lib/kubelet."),
      pid: count.optional().describe("Process ids."),
    })
    .prefault({})
    .describe(what);

/** What the kubelet watches to evict pods (its eviction API's signals). */
const signal = oneOf([
  "memory.available",
  "nodefs.available",
  "nodefs.inodesFree",
  "imagefs.available",
  "imagefs.inodesFree",
  "containerfs.available",
  "containerfs.inodesFree",
  "pid.available",
]);
const amount = matching(/^(\d{1,2}(\.\d+)?%|\d+(\.\d+)?([kMGT]|[KMGT]i)?)$/, "an amount such as 500Mi, or a part such as 10%");
const duration = matching(/^(\d+(\.\d+)?(ms|s|m|h))+$/, "a duration such as 90s or 2m30s");
const thresholds = (value: typeof amount, what: string) => z.partialRecord(signal, value).default({}).describe(what);

/** Settings of every kubelet. */
export const kubeletSchema = z
  .strictObject({
    maxPods: whole(1, 500).default(110).describe("Pods on one node. Kubernetes' default. A node's /24 of flannel's holds 253."),
    podPidsLimit: whole(16, 4_194_304).optional().describe("Process ids that one pod may have. By default as many as the host."),
    systemReserved: resources("Resources kept from pods for the system, such as cpu: 100m. By default none."),
    kubeReserved: resources("Resources kept from pods for kubelet and containerd, beside those of the system. By default none."),
    reserveBySize: onOff
      .default(false)
      .describe(
        "true: `kubeReserved` comes from each host's own processors and memory, by the table that GKE publishes for its nodes; what `kubeReserved` names goes before it.",
      ),
    evictionHard: thresholds(
      amount,
      "Pods are evicted at once where less than this is left. A signal that is not named keeps Kubernetes' threshold. By default Kubernetes': memory 100Mi, disk 10%, images 15%, inodes 5%.",
    ),
    evictionSoft: thresholds(amount, "Pods are evicted where less than this is left for a while. By default none."),
    evictionSoftGracePeriod: thresholds(
      duration,
      "How long that may last, by the same signals. Required for each of `evictionSoft`. By default none.",
    ),
    cpuManagerPolicy: oneOf(["none", "static"])
      .default("none")
      .describe(
        "static: containers of Guaranteed pods with whole processors have these to themselves. It needs processors that are reserved. Another policy takes hold on a node once it was drained and /var/lib/kubelet/cpu_manager_state deleted.",
      ),
    memoryManagerPolicy: oneOf(["None", "Static"])
      .default("None")
      .describe(
        "Static: Guaranteed pods get their memory from as few NUMA nodes as possible. It needs `reservedMemory` in `extraConfig`.",
      ),
    topologyManagerPolicy: oneOf(["none", "best-effort", "restricted", "single-numa-node"])
      .default("none")
      .describe("How processors, memory and devices of one pod are kept on one NUMA node."),
    shutdownGracePeriodSeconds: whole(0, 3600)
      .default(60)
      .describe("How long a host's shutdown waits for its pods to end. 0: not at all."),
    shutdownGracePeriodCriticalPodsSeconds: whole(0, 3600)
      .default(20)
      .describe("The part of that time that is for critical pods alone, the last ones to end."),
    imageGcHighThresholdPercent: whole(1, 100)
      .optional()
      .describe("Unused images are deleted from this fill of the disk on. By default Kubernetes', 85."),
    imageGcLowThresholdPercent: whole(0, 99)
      .optional()
      .describe("Until the disk is filled this far. By default Kubernetes', 80."),
    maxParallelImagePulls: whole(1, 1000).optional().describe("Images that a node pulls at once. By default without a limit."),
    registryPullQps: whole(0, 1000)
      .optional()
      .describe("Pulls each second, on average; 0 is without a limit. By default Kubernetes', 5."),
    registryBurst: whole(1, 1000).optional().describe("Pulls at once beyond that. By default Kubernetes', 10."),
    containerLogMaxMebibytes: whole(1, 10_000).default(10).describe("A container's log is rotated at this size."),
    containerLogMaxFiles: whole(2, 1000).default(5).describe("Rotated logs kept for each container."),
    extraConfig: mapping
      .optional()
      .describe(
        "More fields of a KubeletConfiguration (kubelet.config.k8s.io/v1beta1), such as allowedUnsafeSysctls. By default none.",
      ),
  })
  .prefault({})
  .describe("Settings of every kubelet.");
