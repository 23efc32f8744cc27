/**
 * Namespaces of the cluster's own parts and of this program's add-ons: nothing else is installed there. Rights that an API in such a
 * namespace asks for are another matter, see addons/custom/allowed.ts.
 */
export const ownNamespaces = ["kube-system", "kube-public", "kube-node-lease", "kube-flannel", "ha-kubernetes-turns"] as const;

/** Whether a namespace is one of those. */
export const isOwnNamespace = (name: string): boolean => (ownNamespaces as readonly string[]).includes(name);
