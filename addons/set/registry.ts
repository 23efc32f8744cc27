import type { Cluster } from "../../config/schema.ts";
import { localPath } from "./local-path.ts";
import { metricsServer } from "./metrics-server.ts";
import { grafana } from "./monitoring/grafana.ts";
import { kubeStateMetrics } from "./monitoring/kube-state-metrics.ts";
import { monitoring } from "./monitoring/monitoring.ts";
import { chosen, type SetAddon } from "./set-addon.ts";

/** The set of add-ons. A new one needs one entry here. */
export const setAddons: readonly SetAddon[] = [metricsServer, localPath, monitoring, kubeStateMetrics, grafana];

/** Those that a cluster has. */
export const setAddonsOf = (cluster: Cluster): SetAddon[] => chosen(setAddons, cluster);
