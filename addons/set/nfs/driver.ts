import { type KubernetesObject, serviceAccount } from "../../addon.ts";
import { deployment, disruptionBudget, leases, restricted, rolling } from "../../workloads.ts";

// csi-driver-nfs 4.13, as its release runs it.

export const NFS_DRIVER = "nfs.csi.k8s.io";

export type DriverImages = Record<"driver" | "provisioner" | "resizer" | "snapshotter" | "registrar" | "livenessProbe", string>;

const controllerName = "csi-nfs-controller";
const nodeName = "csi-nfs-node";
const socket = "/csi/csi.sock";
const read = ["get", "list", "watch"];
const small = { requests: { cpu: "10m", memory: "20Mi" }, limits: { memory: "400Mi" } };
const shared = { name: "socket", mountPath: "/csi" };
const node = { name: "NODE_ID", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } };
const pods = { name: "pods", mountPath: "/var/lib/kubelet/pods", mountPropagation: "Bidirectional" };

/** The accounts of both parts, with what the controller needs of the API. The node part needs nothing of it. */
export const rights = (namespace: string): KubernetesObject[] => [
  ...serviceAccount(controllerName, namespace, `ha-kubernetes:${controllerName}`, [
    { apiGroups: [""], resources: ["persistentvolumes"], verbs: [...read, "create", "update", "patch", "delete"] },
    { apiGroups: [""], resources: ["persistentvolumeclaims"], verbs: [...read, "update"] },
    { apiGroups: [""], resources: ["persistentvolumeclaims/status"], verbs: ["update", "patch"] },
    { apiGroups: [""], resources: ["pods", "nodes"], verbs: read },
    { apiGroups: [""], resources: ["events"], verbs: [...read, "create", "update", "patch"] },
    { apiGroups: ["storage.k8s.io"], resources: ["storageclasses", "csinodes"], verbs: read },
    { apiGroups: ["snapshot.storage.k8s.io"], resources: ["volumesnapshotclasses", "volumesnapshots"], verbs: read },
    { apiGroups: ["snapshot.storage.k8s.io"], resources: ["volumesnapshotcontents"], verbs: [...read, "update", "patch"] },
    {
      apiGroups: ["snapshot.storage.k8s.io"],
      resources: ["volumesnapshotcontents/status"],
      verbs: ["get", "update", "patch"],
    },
  ]),
  ...leases(controllerName, namespace),
  { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: nodeName, namespace }, automountServiceAccountToken: false },
];

/** Makes and deletes the folders of volumes. One pod at a time works; another one stands by. */
export function controller(
  namespace: string,
  images: Readonly<DriverImages>,
  { replicas, snapshots }: { replicas: number; snapshots: boolean },
): KubernetesObject[] {
  const beside = (name: string, image: string, args: readonly string[] = []) => ({
    name,
    image,
    args: [`--csi-address=${socket}`, "--leader-election", `--leader-election-namespace=${namespace}`, "--v=2", ...args],
    resources: small,
    securityContext: restricted,
    volumeMounts: [shared],
  });
  const patience = ["--timeout=1200s", "--retry-interval-max=30m"];
  const withoutAttributes = "--feature-gates=VolumeAttributesClass=false";
  const spec = {
    serviceAccountName: controllerName,
    priorityClassName: "system-cluster-critical",
    // It mounts shares, as a node does.
    hostNetwork: true,
    dnsPolicy: "ClusterFirstWithHostNet",
    nodeSelector: { "kubernetes.io/os": "linux" },
    tolerations: [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }],
    securityContext: { seccompProfile: { type: "RuntimeDefault" } },
    containers: [
      beside("provisioner", images.provisioner, ["--extra-create-metadata=true", withoutAttributes, ...patience]),
      beside("resizer", images.resizer, ["--handle-volume-inuse-error=false", withoutAttributes]),
      ...(snapshots ? [beside("snapshotter", images.snapshotter, patience)] : []),
      probe(images.livenessProbe, 29652),
      plugin(images.driver, 29652),
    ],
    volumes: [
      { name: "pods", hostPath: { path: "/var/lib/kubelet/pods", type: "Directory" } },
      { name: "socket", emptyDir: {} },
    ],
  };
  return [
    // Its port of the host leaves no room for a third pod on a small cluster.
    deployment(controllerName, namespace, { replicas, podSpec: spec, strategy: rolling(1, 0) }),
    disruptionBudget(controllerName, namespace),
  ];
}

/** Mounts volumes on its node, in the host's network: mounts outlive the pod. */
export const nodePod = (images: Readonly<DriverImages>) => ({
  serviceAccountName: nodeName,
  priorityClassName: "system-node-critical",
  hostNetwork: true,
  dnsPolicy: "ClusterFirstWithHostNet",
  nodeSelector: { "kubernetes.io/os": "linux" },
  tolerations: [{ operator: "Exists" }],
  securityContext: { seccompProfile: { type: "RuntimeDefault" } },
  containers: [
    probe(images.livenessProbe, 29653),
    {
      name: "registrar",
      image: images.registrar,
      args: [`--csi-address=${socket}`, "--kubelet-registration-path=/var/lib/kubelet/plugins/csi-nfsplugin/csi.sock", "--v=2"],
      resources: small,
      securityContext: restricted,
      volumeMounts: [shared, { name: "registration", mountPath: "/registration" }],
    },
    plugin(images.driver, 29653),
  ],
  volumes: [
    { name: "pods", hostPath: { path: "/var/lib/kubelet/pods", type: "Directory" } },
    { name: "socket", hostPath: { path: "/var/lib/kubelet/plugins/csi-nfsplugin", type: "DirectoryOrCreate" } },
    { name: "registration", hostPath: { path: "/var/lib/kubelet/plugins_registry", type: "Directory" } },
  ],
});

/** The driver itself. Mounts need privileges; what it writes besides is its own. */
const plugin = (image: string, port: number) => ({
  name: "nfs",
  image,
  args: ["--v=2", "--nodeid=$(NODE_ID)", `--endpoint=unix://${socket}`],
  env: [node],
  ports: [{ name: "healthz", containerPort: port, hostPort: port, hostIP: "127.0.0.1", protocol: "TCP" }],
  livenessProbe: {
    httpGet: { path: "/healthz", port, host: "127.0.0.1" },
    initialDelaySeconds: 30,
    timeoutSeconds: 10,
    periodSeconds: 30,
    failureThreshold: 5,
  },
  resources: small,
  securityContext: { privileged: true },
  volumeMounts: [shared, pods],
});

const probe = (image: string, port: number) => ({
  name: "liveness-probe",
  image,
  args: [`--csi-address=${socket}`, "--probe-timeout=3s", `--http-endpoint=127.0.0.1:${port}`, "--v=2"],
  resources: small,
  securityContext: restricted,
  volumeMounts: [shared],
});
