import { type LockedImage, nameOnNodes } from "../artifacts/images.ts";
import type { Versions } from "../artifacts/lock.ts";
import { digest } from "../config/digest.ts";
import type { Cluster } from "../config/schema.ts";

/** A Kubernetes object as the API takes it. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  [field: string]: unknown;
}

/** What the objects of an add-on are made from. */
export interface AddonArgs<Image extends string = string, Settings = unknown> {
  cluster: Cluster;
  /** The part of the config that `settings` of the add-on returned. */
  settings: Settings;
  /** Where clients inside the cluster reach the API: the domain name that every node resolves, and its port. */
  apiUrl: string;
  /** Full names of the images with their tags, as nodes know them. */
  images: Readonly<Record<Image, string>>;
}

/**
 * One thing that the program installs in the cluster. It is a module of this folder that registry.ts lists, or one that a provider
 * brings. `Image` names its images, `Settings` is what it takes from the config.
 */
export interface Addon<Image extends string = string, Settings = unknown> {
  /** DNS label; names the add-on in previews. */
  name: string;
  /** The namespace of its pods. Default: kube-system. */
  namespace?: string;
  /** Its part of the config. Undefined if the config turns it off: then the stage deletes its objects from the cluster. */
  settings: (cluster: Cluster) => Settings | undefined;
  /** The images of its pods, by the names that `objects` uses. They may come from any lock. Throws if a lock lacks one. */
  images: (versions: Versions) => Readonly<Record<Image, LockedImage>>;
  /**
   * Hosts that get the images before the first pod starts. `nodes`: every node; a bundle without them is refused. `control-planes`:
   * control planes, if their bundle holds the images. Default: nodes pull an image when a pod needs it.
   */
  preload?: "nodes" | "control-planes";
  /** The objects, in the order in which they are applied: namespaces first. */
  objects(args: AddonArgs<Image, Settings>): KubernetesObject[];
}

/** The full names of an add-on's images with their tags, in the repository that the config names, if any. */
export function imageReferences<Image extends string>(
  addon: Addon<Image>,
  versions: Versions,
  cluster: Pick<Cluster, "artifacts">,
): Record<Image, string> {
  const images = Object.entries<LockedImage>(addon.images(versions)).map(([name, image]) => [
    name,
    nameOnNodes(image, cluster.artifacts.imageRepository),
  ]);
  return Object.fromEntries(images) as Record<Image, string>;
}

/** The objects of an add-on in a cluster. Undefined if its config turns the add-on off. */
export function addonObjects(
  addon: Addon,
  { cluster, versions, apiUrl }: { cluster: Cluster; versions: Versions; apiUrl: string },
): KubernetesObject[] | undefined {
  const settings = addon.settings(cluster);
  if (settings === undefined) return undefined;
  return addon.objects({ cluster, settings, apiUrl, images: imageReferences(addon, versions, cluster) });
}

/** Labels of every object of an add-on. Selectors of Kubernetes' own add-ons use `k8s-app`. */
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
 * An annotation of a pod template that changes with the trusted authorities, so that pods restart then: most clients read the API's
 * authority once, at their start.
 */
export const trusts = ({ certificates }: Cluster) => ({
  "ha-kubernetes/trusts": certificates.authorities.kubernetes.trust.join(","),
});

/** A pod on every node and the ConfigMap that it reads. A changed configuration rolls the pods. */
export function configuredDaemonSet(
  name: string,
  namespace: string,
  cluster: Cluster,
  data: Readonly<Record<string, string>>,
  podSpec: unknown,
): KubernetesObject[] {
  return [
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace, labels: labels(name) }, data },
    daemonSet(name, namespace, podSpec, { "ha-kubernetes/configuration": digest(JSON.stringify(data)), ...trusts(cluster) }),
  ];
}

/** A pod on every node, rolled a tenth of the nodes at a time. */
export const daemonSet = (
  name: string,
  namespace: string,
  podSpec: unknown,
  annotations?: Readonly<Record<string, string>>,
): KubernetesObject => ({
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { name, namespace, labels: labels(name) },
  spec: {
    selector: { matchLabels: { "k8s-app": name } },
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } },
    template: { metadata: { labels: labels(name), ...(annotations && { annotations }) }, spec: podSpec },
  },
});

/** The pod of a part that every node needs before it is Ready: in the host's network, under the service account of its name. */
export const nodeCritical = (name: string) => ({
  serviceAccountName: name,
  priorityClassName: "system-node-critical",
  hostNetwork: true,
  nodeSelector: { "kubernetes.io/os": "linux" },
  tolerations: [{ operator: "Exists" }],
});
