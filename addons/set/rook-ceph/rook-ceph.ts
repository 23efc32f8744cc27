import type { RookCeph } from "../../../config/schema/addons/rook-ceph.ts";
import { addonImage } from "../../lock.ts";
import type { SetAddon } from "../set-addon.ts";
import { cephClass, cluster as cephCluster, NAMESPACE, pool } from "./objects.ts";

/**
 * Ceph by Rook: block volumes on disks of the cluster's hosts. The operators, their rights and their kinds are Rook's own manifests,
 * which the lock pins; the Ceph cluster, its pool and its class are made from the config.
 */
export const rookCeph: SetAddon<"rook" | "ceph", RookCeph> = {
  name: "rook-ceph",
  namespace: NAMESPACE,
  order: 20,
  // It partitions disks and forms a quorum of its own.
  timeoutSeconds: 1200,
  manifests: ["rook-kinds", "rook-csi-operator", "rook-rights", "rook-operator"],
  settings: ({ addons }) => addons.rookCeph,
  images: (versions) => ({ rook: addonImage("rook-ceph", versions), ceph: addonImage("ceph", versions) }),
  // Without a preload nodes would take whatever their registry calls by these names.
  preload: "nodes",
  objects: ({ settings, images }) =>
    settings.removing ? [] : [cephCluster(settings, images.ceph), pool(settings), cephClass(settings)],
};
