import type { Cluster } from "../../config/schema.ts";
import { type KubernetesObject, labels, serviceAccount } from "../addon.ts";
import { addonImage } from "../lock.ts";
import { confined, deployment, disruptionBudget, leases, rolling, spareReplicas, spread } from "../workloads.ts";
import { NFS_DRIVER } from "./nfs/driver.ts";
import { hasDriver } from "./nfs/nfs.ts";
import { rookSnapshotClass } from "./rook-ceph/objects.ts";
import type { SetAddon } from "./set-addon.ts";

const name = "snapshot-controller";
const namespace = "kube-system";
const group = "snapshot.storage.k8s.io";
const read = ["get", "list", "watch"];

/** Kubernetes' controller of CSI snapshots, their kinds, and a class for each driver of the set that can make them. */
export const snapshots: SetAddon<"controller", true> = {
  name,
  key: "snapshots",
  namespace,
  // Before the drivers, whose programs look for the kinds when they start.
  order: 10,
  manifests: ["volume-snapshot-classes", "volume-snapshot-contents", "volume-snapshots"],
  settings: ({ addons }) => (addons.snapshots ? true : undefined),
  images: (versions) => ({ controller: addonImage("snapshot-controller", versions) }),
  preload: "nodes",
  objects: ({ cluster, images }) => [
    ...serviceAccount(name, namespace, `ha-kubernetes:${name}`, [
      { apiGroups: [""], resources: ["persistentvolumes"], verbs: read },
      { apiGroups: [""], resources: ["persistentvolumeclaims"], verbs: [...read, "update"] },
      { apiGroups: [""], resources: ["events"], verbs: ["list", "watch", "create", "update", "patch"] },
      { apiGroups: [group], resources: ["volumesnapshotclasses"], verbs: read },
      { apiGroups: [group], resources: ["volumesnapshotcontents"], verbs: [...read, "create", "update", "patch", "delete"] },
      { apiGroups: [group], resources: ["volumesnapshotcontents/status"], verbs: ["patch"] },
      { apiGroups: [group], resources: ["volumesnapshots"], verbs: [...read, "create", "update", "patch", "delete"] },
      { apiGroups: [group], resources: ["volumesnapshots/status"], verbs: ["update", "patch"] },
    ]),
    ...leases(name, namespace),
    deployment(name, namespace, {
      replicas: spareReplicas(cluster),
      podSpec: podSpec(images.controller),
      strategy: rolling(1),
    }),
    disruptionBudget(name, namespace),
    ...classes(cluster),
  ],
};

const podSpec = (image: string) => ({
  serviceAccountName: name,
  priorityClassName: "system-cluster-critical",
  nodeSelector: { "kubernetes.io/os": "linux" },
  tolerations: [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }],
  topologySpreadConstraints: spread({ "k8s-app": name }),
  containers: [
    {
      name,
      image,
      args: ["--v=2", "--leader-election=true", "--http-endpoint=:8080"],
      ports: [{ name: "healthz", containerPort: 8080, protocol: "TCP" }],
      // It ends where the API lacks its kinds, before it serves this.
      readinessProbe: { httpGet: { path: "/healthz/leader-election", port: 8080 } },
      livenessProbe: { httpGet: { path: "/healthz/leader-election", port: 8080 }, initialDelaySeconds: 40, periodSeconds: 20 },
      resources: { requests: { cpu: "10m", memory: "20Mi" }, limits: { memory: "256Mi" } },
      securityContext: confined,
    },
  ],
});

/** A class for each driver, under the driver's usual name. */
function classes({ addons }: Cluster): KubernetesObject[] {
  const ofNfs = addons.nfs !== undefined && hasDriver(addons.nfs) ? [snapshotClass("nfs", NFS_DRIVER)] : [];
  const ofCeph = addons.rookCeph !== undefined && !addons.rookCeph.removing ? [rookSnapshotClass()] : [];
  return [...ofNfs, ...ofCeph];
}

const snapshotClass = (className: string, driver: string): KubernetesObject => ({
  apiVersion: `${group}/v1`,
  kind: "VolumeSnapshotClass",
  metadata: { name: className, labels: labels(name) },
  driver,
  deletionPolicy: "Delete",
});
