import { type KubernetesObject, labels } from "../../../addons/addon.ts";
import type { Cluster } from "../../../config/schema.ts";

// What the pods that speak to AWS's API have in common.

/**
 * On control planes alone, in the host's network: the metadata service answers one hop far, so these pods have the instance's role and
 * no pod of a user does. They start before the cloud has said a word about a new node, because it is they who make it say so.
 */
export const onControlPlanes = {
  hostNetwork: true,
  // The host's own name servers: AWS's names must resolve before the cluster's DNS is there.
  dnsPolicy: "Default",
  priorityClassName: "system-cluster-critical",
  nodeSelector: { "node-role.kubernetes.io/control-plane": "" },
  tolerations: [
    { key: "CriticalAddonsOnly", operator: "Exists" },
    { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" },
    { key: "node.cloudprovider.kubernetes.io/uninitialized", effect: "NoSchedule" },
    { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" },
  ],
} as const;

/** The authorities that sign for AWS, off the host: an image that is nothing but a program has none. */
export const authorities = {
  volume: { name: "authorities", hostPath: { path: "/etc/ssl/certs/ca-certificates.crt", type: "File" } },
  mount: { name: "authorities", mountPath: "/etc/ssl/certs/ca-certificates.crt", readOnly: true },
} as const;

/** What a program needs that only talks. */
export const talksOnly = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  runAsUser: 65534,
  runAsGroup: 65534,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
} as const;

/** How many of them: one acts, another one waits on a second control plane. */
export const replicasOf = ({ hosts }: Cluster): number =>
  Math.min(2, Object.values(hosts).filter(({ roles, lost }) => roles.includes("control-plane") && !lost).length);

/** A Deployment in kube-system of pods that stand `onControlPlanes` and take a port of their host. */
export const hostPortDeployment = (name: string, replicas: number, podSpec: unknown): KubernetesObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace: "kube-system", labels: labels(name) },
  spec: {
    replicas,
    selector: { matchLabels: { "k8s-app": name } },
    // Two can't be on one host, whose port they take: one goes before the next comes.
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
    template: { metadata: { labels: labels(name) }, spec: podSpec },
  },
});
