import { z } from "zod";
import { bytes, count, processors, whole } from "../values.ts";

/** Settings of every kubelet. */
export const kubeletSchema = z
  .strictObject({
    maxPods: whole(1, 500).default(110).describe("Pods on one node. Kubernetes' default. A node's /24 of flannel's holds 253."),
    systemReserved: z
      .strictObject({
        cpu: processors.optional().describe("Processors."),
        memory: bytes.optional().describe("Memory."),
        "ephemeral-storage": bytes.optional().describe("Room on the disk of /var/lib/kubelet."),
        pid: count.optional().describe("Process ids."),
      })
      .prefault({})
      .describe("Resources kept from pods for the system, such as cpu: 100m. By default none."),
    containerLogMaxMebibytes: whole(1, 10_000).default(10).describe("A container's log is rotated at this size."),
    containerLogMaxFiles: whole(2, 1000).default(5).describe("Rotated logs kept for each container."),
  })
  .prefault({})
  .describe("Settings of every kubelet.");
