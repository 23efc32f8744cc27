import { z } from "zod";
import { absolutePath, dnsLabel, hostName, oneOf, onOff, whole } from "../../values.ts";

/** Ceph by Rook: block volumes on disks of the cluster's own hosts. */
export const rookCephSchema = z
  .strictObject({
    disks: z
      .record(hostName, z.array(absolutePath).min(1, { error: "at least one disk" }))
      .describe(
        "Disks by host, such as w1: [/dev/disk/by-id/…]. On at least three hosts, workers as a rule. Each must be blank at first: Ceph takes it whole.",
      ),
    replicas: whole(2, 5)
      .default(3)
      .describe("Copies of all data, each on another host. With 3, a host may be lost while another is being restarted."),
    encrypted: onOff.default(false).describe("Encrypt the disks. The keys are Secrets of the cluster."),
    className: dnsLabel.default("ceph-block").describe("Name of the StorageClass."),
    default: onOff.default(false).describe("Make it the class of claims that name none."),
    reclaimPolicy: oneOf(["Delete", "Retain"]).default("Delete").describe("What becomes of a volume whose claim is deleted."),
    removing: onOff
      .default(false)
      .describe(
        "true: the class, the pool and the Ceph cluster are deleted, and the operator stays to see to it. The edit before the one that takes `rookCeph` out. The disks keep their data.",
      ),
  })
  .optional()
  .describe(
    "Ceph, run by Rook: block volumes that are on three hosts at once. By default none. See docs/storage.md on what it needs.",
  );

export type RookCeph = NonNullable<z.output<typeof rookCephSchema>>;
