import type { Cluster } from "../config/schema.ts";
import { digest } from "../hosts/stage.ts";

/** A Kubernetes object as the API takes it. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  [field: string]: unknown;
}

/** What an add-on's manifests are made of. */
export interface AddonArgs {
  cluster: Cluster;
  /** Where clients inside the cluster reach the API: the domain name that every node resolves, and its port. */
  apiUrl: string;
  images: AddonImages;
}

/** Full image names with tags, as they are imported on the nodes. */
export interface AddonImages {
  kubeProxy: string;
  flannel: string;
  coredns: string;
}

/** One thing that is installed in the cluster. A new one is a module of its own and a line in registry.ts. */
export interface Addon {
  /** DNS label; names the add-on in previews. */
  name: string;
  /** False: its objects are deleted from the cluster, if they were ever there. */
  enabled: (cluster: Cluster) => boolean;
  /** In the order they are applied: namespaces first. */
  objects: (args: AddonArgs) => KubernetesObject[];
}

/** Labels of everything an add-on makes; `k8s-app` is what Kubernetes' own add-ons are selected by. */
export const labels = (app: string) => ({ "k8s-app": app, "app.kubernetes.io/managed-by": "ha-kubernetes" });

/** A service account, its cluster role and their binding. */
export function serviceAccount(name: string, namespace: string, roleName: string, rules: readonly unknown[]): KubernetesObject[] {
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } },
    { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name: roleName }, rules },
    clusterRoleBinding(roleName, roleName, { kind: "ServiceAccount", name, namespace }),
  ];
}

/** Binds a cluster role to one subject. */
export function clusterRoleBinding(name: string, roleName: string, subject: Record<string, string>): KubernetesObject {
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: roleName },
    subjects: [subject],
  };
}

/**
 * An annotation of a pod template, with which pods are started anew when they are to trust another authority: most clients read
 * the API's once, when they start.
 */
export const trusts = ({ certificates }: Cluster) => ({
  "ha-kubernetes/trusts": certificates.authorities.kubernetes.trust.join(","),
});

/** A pod on every node and the ConfigMap it reads. Another configuration rolls the pods, a tenth of the nodes at a time. */
export function configuredDaemonSet(
  name: string,
  namespace: string,
  cluster: Cluster,
  data: Readonly<Record<string, string>>,
  podSpec: unknown,
): KubernetesObject[] {
  return [
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace, labels: labels(name) }, data },
    {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: { name, namespace, labels: labels(name) },
      spec: {
        selector: { matchLabels: { "k8s-app": name } },
        updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } },
        template: {
          metadata: {
            labels: labels(name),
            annotations: { "ha-kubernetes/configuration": digest(JSON.stringify(data)), ...trusts(cluster) },
          },
          spec: podSpec,
        },
      },
    },
  ];
}
