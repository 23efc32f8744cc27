import { type Addon, clusterRoleBinding, labels } from "./addon.ts";
import { guards } from "./guards.ts";

const nodes = { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "system:nodes" };

/**
 * What a node needs to leave by itself, with nothing but its kubelet's identity. The node authorizer already lets a kubelet list
 * and evict the pods on its own node and cordon it; the NodeRestriction admission plugin keeps `delete nodes` to the node's own
 * object. What nodes may write is guarded: a worker that somebody took over can't choose its pool, or fill etcd.
 */
export const access: Addon = {
  name: "access",
  settings: () => ({}),
  images: () => ({}),
  objects: () => [
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "ha-kubernetes:node-leaves" },
      rules: [{ apiGroups: [""], resources: ["nodes"], verbs: ["delete"] }],
    },
    // Where workers take turns. They may write nothing else there, and nothing reads it but they.
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "ha-kubernetes-turns", labels: labels("ha-kubernetes") } },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: "ha-kubernetes:node-turns", namespace: "ha-kubernetes-turns" },
      rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "create", "patch", "delete"] }],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "ha-kubernetes:node-turns", namespace: "ha-kubernetes-turns" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "ha-kubernetes:node-turns" },
      subjects: [nodes],
    },
    clusterRoleBinding("ha-kubernetes:node-leaves", "ha-kubernetes:node-leaves", nodes),
    ...guards,
    // Who leaves the cluster is noted here; without `data`, applying this again takes nothing away from it.
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "ha-kubernetes", namespace: "kube-system", labels: labels("ha-kubernetes") },
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: "ha-kubernetes:node-leaves", namespace: "kube-system" },
      rules: [{ apiGroups: [""], resources: ["configmaps"], resourceNames: ["ha-kubernetes"], verbs: ["get"] }],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "ha-kubernetes:node-leaves", namespace: "kube-system" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "ha-kubernetes:node-leaves" },
      subjects: [nodes],
    },
  ],
};
