import type { KubernetesObject } from "../../../addons/addon.ts";
import { deployment, rolling } from "../../../addons/workloads.ts";
import type { Cluster } from "../../../config/schema.ts";

// Common parts of the pods that call AWS's API.

/**
 * On control planes alone, in the host's network: the metadata service answers within one hop, so these pods have the instance's role
 * and no pod of a user has it. They start on nodes that the cloud has not initialized, because they do the initialization.
 */
export const onControlPlanes = {
  hostNetwork: true,
  // The host's own name servers: AWS's names must resolve before the cluster's DNS runs.
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

/** The certificate authorities of the host, which sign for AWS: an image with a program alone has none. */
export const authorities = {
  volume: { name: "authorities", hostPath: { path: "/etc/ssl/certs/ca-certificates.crt", type: "File" } },
  mount: { name: "authorities", mountPath: "/etc/ssl/certs/ca-certificates.crt", readOnly: true },
} as const;

/** The security context of a program that only uses the network. */
export const talksOnly = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  runAsUser: 65534,
  runAsGroup: 65534,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
} as const;

/** Their number: one is active, another one stands by on a second control plane. */
export const replicasOf = ({ hosts }: Cluster): number =>
  Math.min(2, Object.values(hosts).filter(({ roles, lost }) => roles.includes("control-plane") && !lost).length);

/**
 * A Deployment in kube-system of pods that run `onControlPlanes` and take a port of their host. Two can't share a host: the old pod stops
 * before the new one starts.
 */
export const hostPortDeployment = (name: string, replicas: number, podSpec: unknown): KubernetesObject =>
  deployment(name, "kube-system", { replicas, podSpec, strategy: rolling(1, 0) });
