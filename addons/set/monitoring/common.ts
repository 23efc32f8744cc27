import { type KubernetesObject, labels } from "../../addon.ts";
import { asUser, disruptionBudget, spread } from "../../workloads.ts";

/** The namespace of everything here. */
export const NAMESPACE = "monitoring";
/** The one Prometheus and the one Alertmanager of the operator's. */
export const MAIN = "main";

/** The images, by the names that lock.json has for them. */
export type MonitoringImage = "operator" | "configReloader" | "prometheus" | "alertmanager" | "nodeExporter";

/** An object of the operator's own kinds. */
export const operated = (
  kind: string,
  name: string,
  spec: unknown,
  apiVersion = "monitoring.coreos.com/v1",
): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: NAMESPACE, labels: labels(name) },
  spec,
});

/** The version in an image's tag, as the operator wants to know it. */
export const versionOf = (image: string) => image.slice(image.lastIndexOf(":") + 1);

/** What the pods of Prometheus and of Alertmanager have in common, as the operator takes it. */
export const operatedPods = (matchLabels: Readonly<Record<string, string>>) => ({
  priorityClassName: "system-cluster-critical",
  nodeSelector: { "kubernetes.io/os": "linux" },
  topologySpreadConstraints: spread(matchLabels),
  securityContext: { ...asUser(1000, 2000), fsGroup: 2000 },
});

/** Drains take the pods of these labels one at a time. There is no budget for a single pod: its drain would never end. */
export const disruption = (name: string, replicas: number, matchLabels: Readonly<Record<string, string>>): KubernetesObject[] =>
  replicas < 2 ? [] : [disruptionBudget(name, NAMESPACE, matchLabels)];

/** A Service of one port, by its name in the pods. */
export const service = (name: string, port: number, selector: Readonly<Record<string, string>>): KubernetesObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: NAMESPACE, labels: labels(name) },
  spec: { selector, ports: [{ name: "web", port, targetPort: "web" }] },
});
