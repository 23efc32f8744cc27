import { isMonitored } from "./monitoring.ts";
import type { Cluster } from "./schema.ts";

/**
 * Whether kubelets serve logs, metrics and commands with certificates of the cluster's authority: where something reads their metrics and
 * verifies who gives them. Else each kubelet makes a certificate for itself.
 */
export const servesSigned = ({ addons }: Pick<Cluster, "addons">): boolean =>
  addons.metricsServer.enabled || isMonitored({ addons });
