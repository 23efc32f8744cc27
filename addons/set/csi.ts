import type { KubernetesObject } from "../addon.ts";

// Common parts of CSI drivers and their controllers.

/** The security context of the CSI project's programs: they run as root, whose the driver's socket is, and with no right of root's. */
export const withoutRights = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
} as const;

/** The right to elect a leader among the pods of an account in its namespace. */
export const leases = (name: string, namespace: string): KubernetesObject[] => [
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "Role",
    metadata: { name: `ha-kubernetes:${name}-leases`, namespace },
    rules: [
      {
        apiGroups: ["coordination.k8s.io"],
        resources: ["leases"],
        verbs: ["get", "list", "watch", "create", "update", "patch", "delete"],
      },
    ],
  },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { name: `ha-kubernetes:${name}-leases`, namespace },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: `ha-kubernetes:${name}-leases` },
    subjects: [{ kind: "ServiceAccount", name, namespace }],
  },
];
