import type { Cluster } from "../../config/schema.ts";
import { clusterRoleBinding, type KubernetesObject, labels, trusts } from "../addon.ts";
import { addonImage } from "../lock.ts";
import { asUser, deployment, restricted } from "../workloads.ts";
import type { SetAddon } from "./set-addon.ts";

const name = "headlamp";
const namespace = "headlamp";

type Settings = NonNullable<Cluster["addons"]["headlamp"]>;

/**
 * The dashboard. It has no right of its own: who opens it logs in with a token, and sees what that token may. It is reached inside the
 * cluster alone.
 */
export const headlamp: SetAddon<"headlamp", Settings> = {
  name,
  namespace,
  order: 30,
  settings: ({ addons }) => addons.headlamp,
  images: (versions) => ({ headlamp: addonImage(name, versions) }),
  objects: ({ cluster, settings, images }) => [
    {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "headlamp-server", namespace },
      automountServiceAccountToken: false,
    },
    // Whose token people log in with: kubectl create token headlamp -n headlamp
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace }, automountServiceAccountToken: false },
    ...(settings.rights === "view" ? views : []),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace, labels: labels(name) },
      spec: { type: "ClusterIP", selector: { "k8s-app": name }, ports: [{ name: "http", port: 80, targetPort: "http" }] },
    },
    deployment(name, namespace, { podSpec: podSpec(images.headlamp), annotations: trusts(cluster) }),
  ],
};

const account = { kind: "ServiceAccount", name, namespace };
/** Kubernetes' own role for readers, which has no Secrets, and what it lacks of the cluster itself. */
const views: KubernetesObject[] = [
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "ha-kubernetes:headlamp" },
    rules: [
      { apiGroups: [""], resources: ["nodes", "persistentvolumes"], verbs: ["get", "list", "watch"] },
      { apiGroups: ["storage.k8s.io"], resources: ["storageclasses"], verbs: ["get", "list", "watch"] },
      { apiGroups: ["metrics.k8s.io"], resources: ["nodes", "pods"], verbs: ["get", "list"] },
    ],
  },
  clusterRoleBinding("ha-kubernetes:headlamp", "ha-kubernetes:headlamp", account),
  clusterRoleBinding("ha-kubernetes:headlamp-view", "view", account),
];

const podSpec = (image: string) => ({
  serviceAccountName: "headlamp-server",
  // It reads from there where the API is and whom it trusts, and takes no right from it: the account has none.
  automountServiceAccountToken: true,
  nodeSelector: { "kubernetes.io/os": "linux" },
  securityContext: asUser(100, 101),
  containers: [
    {
      name,
      image,
      args: ["-in-cluster", "-in-cluster-context-name=main", "-plugins-dir=/headlamp/plugins", "-session-ttl=28800"],
      ports: [{ name: "http", containerPort: 4466, protocol: "TCP" }],
      readinessProbe: { httpGet: { path: "/", port: "http" } },
      livenessProbe: { httpGet: { path: "/", port: "http" }, initialDelaySeconds: 10 },
      resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "256Mi" } },
      securityContext: restricted,
      volumeMounts: [{ name: "work", mountPath: "/tmp" }],
    },
  ],
  volumes: [{ name: "work", emptyDir: {} }],
});
