import { type KubernetesObject, labels } from "../addon.ts";

// What pods of the set have in common.

/** A container that runs as nobody, writes to its volumes alone and may nothing. */
export const confined = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  runAsUser: 65534,
  seccompProfile: { type: "RuntimeDefault" },
} as const;

/** On nodes of their own, as far as there are enough. */
export const spread = (app: string) => [
  {
    maxSkew: 1,
    topologyKey: "kubernetes.io/hostname",
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: { "k8s-app": app } },
  },
];

/** A drain takes one of them at a time. */
export const disruptionBudget = (app: string, namespace: string): KubernetesObject => ({
  apiVersion: "policy/v1",
  kind: "PodDisruptionBudget",
  metadata: { name: app, namespace, labels: labels(app) },
  spec: { maxUnavailable: 1, selector: { matchLabels: { "k8s-app": app } } },
});
