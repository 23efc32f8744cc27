import { type KubernetesObject, labels } from "../addon.ts";

// What the pods of the set have in common.

/** A container with no right beyond those of its user, and no file that it may change. */
export const restricted = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

/** A pod of a user without a name. */
export const unprivileged = {
  runAsNonRoot: true,
  runAsUser: 65534,
  runAsGroup: 65534,
  seccompProfile: { type: "RuntimeDefault" },
};

/** A pod of a lost node gets a successor after so many seconds, not after Kubernetes' 300. */
export const soonElsewhere = (seconds = 30) =>
  ["not-ready", "unreachable"].map((state) => ({
    key: `node.kubernetes.io/${state}`,
    operator: "Exists",
    effect: "NoExecute",
    tolerationSeconds: seconds,
  }));

/** On different nodes as far as there are any. `strictly`: a pod that finds no node of its own waits for one. */
export const overNodes = (name: string, strictly = false) => [
  {
    topologyKey: "kubernetes.io/hostname",
    maxSkew: 1,
    whenUnsatisfiable: strictly ? "DoNotSchedule" : "ScheduleAnyway",
    nodeTaintsPolicy: "Honor",
    labelSelector: { matchLabels: { "k8s-app": name } },
    matchLabelKeys: ["pod-template-hash"],
  },
];

/** Drains take one pod at a time. */
export const oneAtATime = (name: string, namespace: string): KubernetesObject => ({
  apiVersion: "policy/v1",
  kind: "PodDisruptionBudget",
  metadata: { name, namespace, labels: labels(name) },
  spec: { maxUnavailable: 1, selector: { matchLabels: { "k8s-app": name } } },
});

/** Pods that are rolled one at a time. */
export const deployment = (
  name: string,
  namespace: string,
  replicas: number,
  podSpec: unknown,
  annotations?: Readonly<Record<string, string>>,
): KubernetesObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace, labels: labels(name) },
  spec: {
    replicas,
    selector: { matchLabels: { "k8s-app": name } },
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
    template: { metadata: { labels: labels(name), ...(annotations && { annotations }) }, spec: podSpec },
  },
});

/** A Role of this name and its binding to service accounts of its namespace. */
export const role = (
  name: string,
  namespace: string,
  accounts: readonly string[],
  rules: readonly unknown[],
): KubernetesObject[] => [
  { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata: { name, namespace }, rules },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { name, namespace },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
    subjects: accounts.map((account) => ({ kind: "ServiceAccount", name: account, namespace })),
  },
];
