import { onOff } from "../../values.ts";

/** Snapshots of volumes. */
export const snapshotsSchema = onOff
  .default(false)
  .describe(
    "Snapshots of volumes: Kubernetes' CSI snapshot controller with its kinds, and a VolumeSnapshotClass for each driver of this config that can make them (NFS, Ceph, EBS).",
  );
