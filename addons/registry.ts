import { access } from "./access.ts";
import type { Addon } from "./addon.ts";
import { coredns } from "./coredns.ts";
import { flannel } from "./flannel.ts";
import { kubeProxy } from "./kube-proxy.ts";

/** Every add-on of the program, in the order in which they are applied. A new add-on needs one entry here. */
export const addons: readonly Addon[] = [access, kubeProxy, flannel, coredns];

/** The namespaces of the pods of these add-ons, of the control planes and of providers' add-ons. */
export const ownNamespaces: readonly string[] = [...new Set(addons.map(({ namespace = "kube-system" }) => namespace))];
