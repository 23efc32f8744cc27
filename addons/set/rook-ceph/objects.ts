import type { RookCeph } from "../../../config/schema/addons/rook-ceph.ts";
import { type KubernetesObject, labels } from "../../addon.ts";
import { storageClass } from "../storage-class.ts";

// What the config makes of Rook's kinds. Fields that are not here have Rook's defaults.

export const NAMESPACE = "rook-ceph";
const POOL = "block";
const DRIVER = `${NAMESPACE}.rbd.csi.ceph.com`;
const own = labels("rook-ceph");
const provisioner = { name: "rook-csi-rbd-provisioner", namespace: NAMESPACE };

/** Ceph itself: monitors and managers apart from each other, and a daemon for each disk that the config names, on no other disk. */
export const cluster = ({ disks, encrypted }: RookCeph, image: string): KubernetesObject => ({
  apiVersion: "ceph.rook.io/v1",
  kind: "CephCluster",
  metadata: { name: "rook-ceph", namespace: NAMESPACE, labels: own },
  spec: {
    cephVersion: { image, allowUnsupported: false },
    dataDirHostPath: "/var/lib/rook",
    mon: { count: 3, allowMultiplePerNode: false },
    mgr: { count: 2, allowMultiplePerNode: false },
    // Read in the cluster alone, by port-forward.
    dashboard: { enabled: true, ssl: true },
    // Kernels before 7.0 know no other type of key.
    security: { cephx: { csi: { keyType: "aes" } } },
    crashCollector: { disable: true },
    logCollector: { enabled: true, periodicity: "daily", maxLogSize: "100M" },
    priorityClassNames: { mon: "system-node-critical", osd: "system-node-critical", mgr: "system-cluster-critical" },
    resources: {
      mon: { requests: { cpu: "100m", memory: "512Mi" }, limits: { memory: "2Gi" } },
      mgr: { requests: { cpu: "100m", memory: "512Mi" }, limits: { memory: "1Gi" } },
      // Ceph sizes its caches by this limit; below 4 GiB it warns.
      osd: { requests: { cpu: "200m", memory: "4Gi" }, limits: { memory: "4Gi" } },
    },
    // A node is not drained while that would leave data with too few copies.
    disruptionManagement: { managePodBudgets: true },
    // Nothing but the operator's hand deletes data.
    cleanupPolicy: { confirmation: "" },
    storage: {
      useAllNodes: false,
      useAllDevices: false,
      config: { encryptedDevice: String(encrypted) },
      nodes: Object.entries(disks)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, devices]) => ({ name, devices: devices.map((device) => ({ name: device })) })),
    },
  },
});

/** The pool: each piece of data on so many hosts. It takes no write that fewer than two of them have. */
export const pool = ({ replicas }: RookCeph): KubernetesObject => ({
  apiVersion: "ceph.rook.io/v1",
  kind: "CephBlockPool",
  metadata: { name: POOL, namespace: NAMESPACE, labels: own },
  spec: { failureDomain: "host", replicated: { size: replicas, requireSafeReplicaSize: true } },
});

const secret = (use: string, { name, namespace }: typeof provisioner) => ({
  [`csi.storage.k8s.io/${use}-secret-name`]: name,
  [`csi.storage.k8s.io/${use}-secret-namespace`]: namespace,
});

/** The class of volumes in the pool, each mounted by one node at a time. */
export const cephClass = ({ className, reclaimPolicy, ...of }: RookCeph): KubernetesObject =>
  storageClass(className, DRIVER, {
    isDefault: of.default,
    fields: {
      parameters: {
        ...{ clusterID: NAMESPACE, pool: POOL, imageFormat: "2" },
        // Kernels from 5.4 on know them all.
        imageFeatures: "layering,fast-diff,object-map,deep-flatten,exclusive-lock",
        ...secret("provisioner", provisioner),
        ...secret("controller-expand", provisioner),
        ...secret("controller-publish", provisioner),
        ...secret("node-stage", { ...provisioner, name: "rook-csi-rbd-node" }),
        "csi.storage.k8s.io/fstype": "ext4",
      },
      ...{ allowVolumeExpansion: true, reclaimPolicy },
    },
  });

/** The class of snapshots of such volumes. */
export const rookSnapshotClass = (): KubernetesObject => ({
  apiVersion: "snapshot.storage.k8s.io/v1",
  kind: "VolumeSnapshotClass",
  metadata: { name: "ceph-block", labels: own },
  driver: DRIVER,
  parameters: { clusterID: NAMESPACE, ...secret("snapshotter", provisioner) },
  deletionPolicy: "Delete",
});
