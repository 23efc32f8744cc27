import type { Monitoring } from "../../../config/schema/addons/monitoring.ts";
import type { Cluster } from "../../../config/schema.ts";
import type { KubernetesObject } from "../../addon.ts";
import { alerts } from "./alerts.ts";
import { operated } from "./common.ts";

/** The alerts as the operator's object. */
export const rules = (cluster: Cluster, settings: Monitoring): KubernetesObject =>
  operated("PrometheusRule", "ha-kubernetes", {
    groups: Object.entries(alerts(cluster, settings)).map(([name, group]) => ({
      name,
      rules: group.map(({ severity, summary, cure, ...rule }) => ({
        ...rule,
        labels: { severity },
        annotations: { summary, ...(cure !== undefined && { description: cure }) },
      })),
    })),
  });
