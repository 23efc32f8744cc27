import type { Cluster } from "./schema.ts";

/** Whether Prometheus of `addons.monitoring` reads what hosts and the control plane say of themselves: what answers it is there then. */
export const isMonitored = ({ addons }: Pick<Cluster, "addons">): boolean => addons.monitoring.enabled;

/** Where a control plane has that certificate and its key. */
export const SERVING_FOLDER = "/etc/kubernetes/serving";
/**
 * The names in the certificate by which a control plane's controller manager and scheduler prove to Prometheus who they are, in place of
 * one that each makes for itself and nobody could check. Scripts have them, too.
 */
export const SERVING_NAMES = { controllerManager: "kube-controller-manager", scheduler: "kube-scheduler" } as const;
