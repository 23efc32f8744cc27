import type { Cluster } from "../config/schema.ts";
import { access } from "./access.ts";
import type { Addon } from "./addon.ts";
import { coredns } from "./coredns.ts";
import { flannel } from "./flannel.ts";
import { kubeProxy } from "./kube-proxy.ts";
import { networkPolicies } from "./network-policies.ts";

/** The add-ons of a cluster whose config turns none on or off. */
export const usualAddons: readonly Addon[] = [access, kubeProxy, flannel, coredns];

/** Every add-on of the program, in the order in which they are applied. A new add-on needs one entry here. */
export const addons: readonly Addon[] = [...usualAddons, networkPolicies];

/** The add-ons that a cluster has: those that its config doesn't turn off, and those that its provider brings. */
export const addonsOf = (cluster: Cluster, provided: readonly Addon[] = []): Addon[] =>
  [...addons, ...provided].filter((addon) => addon.settings(cluster) !== undefined);

/** The namespaces of the pods of these add-ons, of the control planes and of providers' add-ons. */
export const ownNamespaces: readonly string[] = [...new Set(addons.map(({ namespace = "kube-system" }) => namespace))];
