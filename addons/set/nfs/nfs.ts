import type { Nfs } from "../../../config/schema/addons/nfs.ts";
import type { Cluster } from "../../../config/schema.ts";
import { daemonSet, type KubernetesObject, labels } from "../../addon.ts";
import { addonImage } from "../../lock.ts";
import { spareReplicas } from "../../workloads.ts";
import type { SetAddon } from "../set-addon.ts";
import { storageClass } from "../storage-class.ts";
import { controller, type DriverImages, NFS_DRIVER, nodePod, rights } from "./driver.ts";

const name = "csi-driver-nfs";
const namespace = "kube-system";

/** Storage classes of NFS servers, by the CSI driver for NFS. It is there only where the config has a class. */
export const nfs: SetAddon<keyof DriverImages, Nfs["classes"]> = {
  name,
  key: "nfs",
  namespace,
  order: 20,
  settings: ({ addons }) => (addons.nfs !== undefined && hasDriver(addons.nfs) ? addons.nfs.classes : undefined),
  images: (versions) => ({
    driver: addonImage("nfsplugin", versions),
    provisioner: addonImage("csi-provisioner", versions),
    resizer: addonImage("csi-resizer", versions),
    snapshotter: addonImage("csi-snapshotter", versions),
    registrar: addonImage("csi-node-driver-registrar", versions),
    livenessProbe: addonImage("livenessprobe", versions),
  }),
  preload: "nodes",
  objects: ({ cluster, settings, images }) => [
    ...driver(images, cluster),
    ...Object.entries(settings).map(([className, it]) => nfsClass(className, it)),
  ],
};

/** Shares that kubelets mount by themselves, with the client that stage prepare brings: no program of the cluster takes part. */
export const nfsVolumes: SetAddon<never, Nfs["volumes"]> = {
  name: "nfs-volumes",
  key: "nfs",
  namespace,
  order: 20,
  settings: ({ addons }) =>
    addons.nfs !== undefined && Object.keys(addons.nfs.volumes).length > 0 ? addons.nfs.volumes : undefined,
  images: () => ({}),
  objects: ({ settings }) => Object.entries(settings).map(([volume, it]) => persistentVolume(volume, it)),
};

/** Whether the CSI driver is installed. */
export const hasDriver = ({ classes }: Nfs): boolean => Object.keys(classes).length > 0;

const driver = (images: Readonly<DriverImages>, cluster: Cluster): KubernetesObject[] => [
  {
    apiVersion: "storage.k8s.io/v1",
    kind: "CSIDriver",
    metadata: { name: NFS_DRIVER, labels: labels(name) },
    spec: { attachRequired: false, podInfoOnMount: false, volumeLifecycleModes: ["Persistent"], fsGroupPolicy: "File" },
  },
  ...rights(namespace),
  ...controller(namespace, images, { replicas: spareReplicas(cluster), snapshots: cluster.addons.snapshots }),
  daemonSet("csi-nfs-node", namespace, nodePod(images)),
];

const nfsClass = (className: string, { mountOptions, reclaimPolicy, ...of }: Nfs["classes"][string]): KubernetesObject =>
  storageClass(className, NFS_DRIVER, {
    isDefault: of.default,
    fields: {
      parameters: { server: of.server, share: of.share, onDelete: of.onDelete, mountPermissions: of.folderMode },
      ...{ mountOptions, reclaimPolicy, volumeBindingMode: "Immediate", allowVolumeExpansion: true },
    },
  });

function persistentVolume(volume: string, it: Nfs["volumes"][string]): KubernetesObject {
  const [claimNamespace, claimName] = it.claim?.split("/") ?? [];
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: volume, labels: labels(name) },
    spec: {
      capacity: { storage: `${it.sizeGibibytes}Gi` },
      accessModes: it.accessModes,
      // The share is nobody's to delete but its owner's.
      persistentVolumeReclaimPolicy: "Retain",
      storageClassName: "nfs",
      mountOptions: it.mountOptions,
      nfs: { server: it.server, path: it.share },
      ...(claimName !== undefined && {
        claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace: claimNamespace, name: claimName },
      }),
    },
  };
}
