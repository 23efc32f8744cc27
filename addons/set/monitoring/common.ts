import { type KubernetesObject, labels } from "../../addon.ts";

/** The namespace of everything here. */
export const NAMESPACE = "monitoring";
/** The one Prometheus and the one Alertmanager of the operator's. */
export const MAIN = "main";

/** The images, by the names that lock.json has for them. */
export type MonitoringImage = "operator" | "configReloader" | "prometheus" | "alertmanager" | "nodeExporter";

/** An object of the operator's own kinds. */
export const operated = (
  kind: string,
  name: string,
  spec: unknown,
  apiVersion = "monitoring.coreos.com/v1",
): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: NAMESPACE, labels: labels(name) },
  spec,
});

/** What containers here may not do, which is all that they need no right for. */
export const unprivileged = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
} as const;

/** The version in an image's tag, as the operator wants to know it. */
export const versionOf = (image: string) => image.slice(image.lastIndexOf(":") + 1);

/** One pod more on a node than on another at most, where that can be. */
export const spread = (matchLabels: Readonly<Record<string, string>>) => [
  { maxSkew: 1, topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "ScheduleAnyway", labelSelector: { matchLabels } },
];

/** That a drain takes the pods of these labels one at a time; none where there is one only, which would never end. */
export const disruption = (name: string, replicas: number, matchLabels: Readonly<Record<string, string>>): KubernetesObject[] =>
  replicas < 2
    ? []
    : [
        {
          apiVersion: "policy/v1",
          kind: "PodDisruptionBudget",
          metadata: { name, namespace: NAMESPACE, labels: labels(name) },
          spec: { maxUnavailable: 1, selector: { matchLabels } },
        },
      ];

/** A Service of one port, by its name in the pods. */
export const service = (name: string, port: number, selector: Readonly<Record<string, string>>): KubernetesObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: NAMESPACE, labels: labels(name) },
  spec: { selector, ports: [{ name: "web", port, targetPort: "web" }] },
});

/** A Deployment of one container, or of more where a change may overlap. */
export const deployment = (
  name: string,
  replicas: number,
  podSpec: unknown,
  annotations?: Readonly<Record<string, string>>,
): KubernetesObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace: NAMESPACE, labels: labels(name) },
  spec: {
    replicas,
    selector: { matchLabels: { "k8s-app": name } },
    template: { metadata: { labels: labels(name), ...(annotations && { annotations }) }, spec: podSpec },
  },
});

/** A role in the namespace, for one service account there. */
export const ownRole = (name: string, rules: readonly unknown[]): KubernetesObject[] => [
  { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata: { name, namespace: NAMESPACE }, rules },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { name, namespace: NAMESPACE },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
    subjects: [{ kind: "ServiceAccount", name, namespace: NAMESPACE }],
  },
];
