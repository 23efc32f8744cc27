import { extraImage } from "../artifacts/extra-images.ts";
import type { Cluster } from "../config/schema.ts";
import { access } from "./access.ts";
import type { Addon } from "./addon.ts";
import { coredns } from "./coredns.ts";
import { flannel } from "./flannel.ts";
import { kubeProxy } from "./kube-proxy.ts";
import { networkPolicies } from "./network-policies.ts";
import { setAddonsOf } from "./set/registry.ts";

/** The add-ons of a cluster whose config turns none on or off. */
export const usualAddons: readonly Addon[] = [access, kubeProxy, flannel, coredns];

/** The program's add-ons that the stage `addons` applies, in this order. Those that a cluster can do without are in set/registry.ts. */
export const addons: readonly Addon[] = [...usualAddons, networkPolicies];

/** Those of them that a cluster has: that its config doesn't turn off. With those that its provider brings. */
export const addonsOf = (cluster: Cluster, provided: readonly Addon[] = []): Addon[] =>
  [...addons, ...provided].filter((addon) => addon.settings(cluster) !== undefined);

/** Images of the user's own come to nodes as those of an add-on. */
const extraImages = ({ artifacts: { extraImages } }: Cluster): Addon => ({
  name: "extra-images",
  settings: () => (extraImages.length > 0 ? true : undefined),
  images: () => Object.fromEntries(extraImages.map((text) => [text, extraImage(text)])),
  preload: "nodes",
  objects: () => [],
});

/** Everything that brings images, whichever stage installs it: nodes need the images of all. */
export const everyAddonOf = (cluster: Cluster, provided: readonly Addon[] = []): Addon[] => [
  ...addonsOf(cluster, provided),
  ...setAddonsOf(cluster),
  ...[extraImages(cluster)].filter((addon) => addon.settings(cluster) !== undefined),
];

/** The namespaces of the pods of these add-ons, of the control planes and of providers' add-ons. */
export const ownNamespaces: readonly string[] = [...new Set(addons.map(({ namespace = "kube-system" }) => namespace))];
