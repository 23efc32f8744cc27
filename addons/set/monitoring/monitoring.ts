import type { Monitoring } from "../../../config/schema/addons/monitoring.ts";
import { addonImage } from "../../lock.ts";
import type { SetAddon } from "../set-addon.ts";
import { alertmanager } from "./alertmanager.ts";
import { type MonitoringImage, NAMESPACE } from "./common.ts";
import { nodeExporter } from "./node-exporter.ts";
import { operator } from "./operator.ts";
import { prometheus } from "./prometheus.ts";
import { rules } from "./rules.ts";
import { scrapes } from "./scrapes.ts";

/** Prometheus and Alertmanager by their operator, with what they read and the alerts. Hosts answer them by stages of their own. */
export const monitoring: SetAddon<MonitoringImage, Monitoring> = {
  name: "monitoring",
  namespace: NAMESPACE,
  order: 500,
  timeoutSeconds: 600,
  manifests: ["prometheus-operator-crds"],
  settings: ({ addons }) => (addons.monitoring.enabled ? addons.monitoring : undefined),
  images: (versions) => ({
    operator: addonImage("prometheus-operator", versions),
    configReloader: addonImage("prometheus-config-reloader", versions),
    prometheus: addonImage("prometheus", versions),
    alertmanager: addonImage("alertmanager", versions),
    nodeExporter: addonImage("node-exporter", versions),
  }),
  preload: "nodes",
  objects: ({ cluster, settings, images }) => [
    ...operator(images.operator, images.configReloader),
    ...prometheus(images.prometheus, cluster.name, settings),
    ...alertmanager(images.alertmanager, settings),
    ...(settings.nodeExporter ? nodeExporter(images.nodeExporter) : []),
    ...scrapes(cluster),
    rules(cluster, settings),
  ],
};
