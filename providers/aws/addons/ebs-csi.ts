import { type Addon, daemonSet, type KubernetesObject, labels, serviceAccount } from "../../../addons/addon.ts";
import { addonImage } from "../../../addons/lock.ts";
import { defaultClass } from "../../../addons/set/storage-class.ts";
import { namesDefaultClass } from "../../../config/storage-classes.ts";
import { hostPortDeployment, replicasOf } from "./cloud-pod.ts";
import { controllerSpec, type DriverArgs, nodeSpec } from "./ebs-csi-pods.ts";
import { awsImage } from "./lock.ts";

const namespace = "kube-system";
const read = ["get", "list", "watch"];

/**
 * aws-ebs-csi-driver: a PersistentVolumeClaim becomes an encrypted EBS volume in the zone of the node its pod was scheduled to. The
 * class `gp3` is the default unless the config names another. Snapshots of volumes need CRDs, a controller and rights of their own, so
 * they are not included.
 */
export const ebsCsi = ({ region, kmsKey }: { region: string; kmsKey?: string }): Addon<keyof DriverArgs["images"]> => ({
  name: "aws-ebs-csi-driver",
  settings: ({ addons }) => (addons.ebsCsi ? {} : undefined),
  images: (versions) => ({
    driver: awsImage("aws-ebs-csi-driver", versions),
    provisioner: addonImage("csi-provisioner", versions),
    attacher: addonImage("csi-attacher", versions),
    resizer: addonImage("csi-resizer", versions),
    registrar: addonImage("csi-node-driver-registrar", versions),
    livenessProbe: addonImage("livenessprobe", versions),
  }),
  objects: ({ cluster, images }) => [
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "CSIDriver",
      metadata: { name: "ebs.csi.aws.com", labels: labels("ebs-csi") },
      spec: { attachRequired: true, podInfoOnMount: false, fsGroupPolicy: "File" },
    },
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: {
        name: "gp3",
        labels: labels("ebs-csi"),
        ...defaultClass(!namesDefaultClass(cluster)),
      },
      provisioner: "ebs.csi.aws.com",
      parameters: {
        type: "gp3",
        encrypted: "true",
        ...(kmsKey && { kmsKeyId: kmsKey }),
        "csi.storage.k8s.io/fstype": "ext4",
      },
      // A volume is in one zone: it is created once the node of its pod is known.
      volumeBindingMode: "WaitForFirstConsumer",
      allowVolumeExpansion: true,
      reclaimPolicy: "Delete",
    },
    ...controller({ cluster: cluster.name, region, images }, replicasOf(cluster)),
    ...node({ cluster: cluster.name, region, images }),
  ],
});

function controller(args: DriverArgs, replicas: number): KubernetesObject[] {
  const name = "ebs-csi-controller";
  return [
    ...serviceAccount(name, namespace, `ha-kubernetes:${name}`, [
      { apiGroups: [""], resources: ["persistentvolumes"], verbs: [...read, "create", "patch", "delete"] },
      { apiGroups: [""], resources: ["persistentvolumeclaims"], verbs: [...read, "update"] },
      { apiGroups: [""], resources: ["persistentvolumeclaims/status"], verbs: ["patch"] },
      { apiGroups: [""], resources: ["pods", "nodes"], verbs: read },
      { apiGroups: [""], resources: ["events"], verbs: ["list", "watch", "create", "update", "patch"] },
      {
        apiGroups: ["storage.k8s.io"],
        resources: ["storageclasses", "csinodes", "volumeattachments", "volumeattributesclasses"],
        verbs: read,
      },
      { apiGroups: ["storage.k8s.io"], resources: ["volumeattachments"], verbs: ["patch"] },
      { apiGroups: ["storage.k8s.io"], resources: ["volumeattachments/status"], verbs: ["patch"] },
    ]),
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: `${name}-leases`, namespace },
      rules: [
        {
          apiGroups: ["coordination.k8s.io"],
          resources: ["leases"],
          verbs: [...read, "create", "update", "delete"],
        },
      ],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: `${name}-leases`, namespace },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: `${name}-leases` },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    },
    hostPortDeployment(name, replicas, controllerSpec(name, args)),
  ];
}

function node(args: DriverArgs): KubernetesObject[] {
  const name = "ebs-csi-node";
  return [
    ...serviceAccount(name, namespace, `ha-kubernetes:${name}`, [
      { apiGroups: ["storage.k8s.io"], resources: ["volumeattachments"], verbs: read },
      { apiGroups: ["storage.k8s.io"], resources: ["csinodes"], verbs: ["get"] },
      { apiGroups: [""], resources: ["nodes"], verbs: [...read, "patch"] },
    ]),
    daemonSet(name, namespace, nodeSpec(name, args)),
  ];
}
