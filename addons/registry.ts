import { access } from "./access.ts";
import type { Addon } from "./addon.ts";
import { coredns } from "./coredns.ts";
import { flannel } from "./flannel.ts";
import { kubeProxy } from "./kube-proxy.ts";

/** Every add-on this program knows, in the order they are applied. */
export const addons: readonly Addon[] = [access, kubeProxy, flannel, coredns];

/** The namespaces in which pods of these add-ons, of the control planes or of a provider run. */
export const ownNamespaces: readonly string[] = [...new Set(addons.map(({ namespace = "kube-system" }) => namespace))];
