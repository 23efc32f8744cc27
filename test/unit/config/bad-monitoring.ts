import { type Bad, bad } from "./bad-sample.ts";

// Prometheus and what it reads.

export const badMonitoring: readonly Bad[] = [
  bad(
    "monitoring with parts that no bundle holds, less memory than it asks for, certificates of others and ports of its own",
    (c) => {
      c.artifacts = { source: "bundle", manifest: "manifest.json" };
      c.addons = {
        monitoring: {
          grafana: true,
          kubeStateMetrics: true,

          memoryRequestMebibytes: 512,
          memoryLimitMebibytes: 256,
        },
      };
      c.scheduler = { extraArgs: { "tls-cert-file": "/etc/x.crt" } };
      c.balancer = { ...c.balancer, statisticsPort: 9101 };
    },
    // No file of the scheduler's, either.
    "cluster.scheduler.extraArgs.tls-cert-file",
    ...["kubeStateMetrics", "grafana", "memoryRequestMebibytes"].map((key) => `cluster.addons.monitoring.${key}`),
    ...["scheduler.extraArgs.tls-cert-file", "balancer.statisticsPort"].map((key) => `cluster.${key}`),
  ),
  bad(
    "monitoring with words and numbers that are none",
    (c) => {
      c.addons = {
        monitoring: { replicas: 9, storage: { className: "fast" }, alertmanager: { configSecret: "Ours" }, alerts: { days: 3 } },
      };
    },
    ...["replicas", "storage.sizeGibibytes", "alertmanager.configSecret", "alerts.days"].map(
      (key) => `cluster.addons.monitoring.${key}`,
    ),
  ),
];
