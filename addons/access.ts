import { type Addon, clusterRoleBinding, labels } from "./addon.ts";
import { guards } from "./guards.ts";

const nodes = { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "system:nodes" };

/**
 * The rights with which a node leaves the cluster under its kubelet's identity alone. The node authorizer already lets a kubelet list
 * and evict the pods of its own node and cordon it. The NodeRestriction admission plugin limits `delete nodes` to the node's own
 * object. Admission policies limit what nodes write: a compromised worker can neither choose its pool nor fill etcd.
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
    // Workers take turns here. They may write nothing else in it, and only they read it.
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
    // Leaving nodes are noted here. It has no `data`, so a later apply removes nothing from it.
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
