import type { Cluster } from "../config/schema.ts";
import { type KubernetesObject, labels } from "./addon.ts";

// What the pods of add-ons have in common: what they may do, where they run, and how they are rolled.

/** A container with no right beyond those of its user, and no file that it may change. */
export const restricted = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

/** The same with one right of root's, such as NET_BIND_SERVICE. */
export const withRight = (right: string) => ({ ...restricted, capabilities: { add: [right], drop: ["ALL"] } });

/** A pod of one user, who is not root. */
export const asUser = (runAsUser: number, runAsGroup: number) => ({
  runAsNonRoot: true,
  runAsUser,
  runAsGroup,
  seccompProfile: { type: "RuntimeDefault" },
});

/** The user without a name. */
const NOBODY = 65534;

/** A pod of the user without a name. */
export const unprivileged = asUser(NOBODY, NOBODY);

/** A container of the user without a name, where its pod does not say so. */
export const confined = {
  ...restricted,
  runAsNonRoot: true,
  runAsUser: NOBODY,
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

/** Spreads pods with these labels evenly over nodes. Where no node is left, a pod shares one. */
export const spread = (matchLabels: Readonly<Record<string, string>>) => [
  {
    topologyKey: "kubernetes.io/hostname",
    maxSkew: 1,
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels },
  },
];

/** The same for the pods of a Deployment, each of its versions by itself. `strictly`: a pod that finds no node of its own waits for one. */
export const overNodes = (name: string, strictly = false) =>
  spread({ "k8s-app": name }).map((constraint) => ({
    ...constraint,
    ...(strictly && { whenUnsatisfiable: "DoNotSchedule" }),
    nodeTaintsPolicy: "Honor",
    matchLabelKeys: ["pod-template-hash"],
  }));

/** Drains take one of the pods with these labels at a time. Default: the label that `deployment` gives them. */
export const disruptionBudget = (
  name: string,
  namespace: string,
  matchLabels: Readonly<Record<string, string>> = { "k8s-app": name },
): KubernetesObject => ({
  apiVersion: "policy/v1",
  kind: "PodDisruptionBudget",
  metadata: { name, namespace, labels: labels(name) },
  spec: { maxUnavailable: 1, selector: { matchLabels } },
});

/** So many pods may be away while a Deployment is rolled, and so many may be there besides. Default: as many as Kubernetes has it. */
export const rolling = (maxUnavailable: number, maxSurge?: number) => ({
  type: "RollingUpdate",
  rollingUpdate: { maxUnavailable, ...(maxSurge !== undefined && { maxSurge }) },
});

/** Pods that may run on any node. `strategy`: see `rolling`; default: Kubernetes' own. */
export const deployment = (
  name: string,
  namespace: string,
  {
    replicas = 1,
    podSpec,
    annotations,
    strategy,
  }: { replicas?: number; podSpec: unknown; annotations?: Readonly<Record<string, string>>; strategy?: object },
): KubernetesObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace, labels: labels(name) },
  spec: {
    replicas,
    selector: { matchLabels: { "k8s-app": name } },
    ...(strategy && { strategy }),
    template: { metadata: { labels: labels(name), ...(annotations && { annotations }) }, spec: podSpec },
  },
});

/** Two pods, of which one stands by, or one where there is one node. A provider that makes its hosts makes at least two. */
export function spareReplicas({ hosts }: Pick<Cluster, "hosts">): number {
  const nodes = Object.values(hosts).filter(
    ({ roles, lost }) => !lost && (roles.includes("control-plane") || roles.includes("worker")),
  );
  return Math.min(2, nodes.length || 2);
}

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

/** The right to elect a leader among the pods of an account in its namespace. */
export const leases = (account: string, namespace: string): KubernetesObject[] =>
  role(
    `ha-kubernetes:${account}-leases`,
    namespace,
    [account],
    [
      {
        apiGroups: ["coordination.k8s.io"],
        resources: ["leases"],
        verbs: ["get", "list", "watch", "create", "update", "patch", "delete"],
      },
    ],
  );
