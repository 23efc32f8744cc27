import { z } from "zod";
import { dnsLabel, matching, onOff, switchOn, whole } from "../../values.ts";

/** A Secret's name: a DNS subdomain. */
const secretName = matching(
  /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/,
  "the name of a Secret: lower-case letters, digits, inner hyphens and dots",
);

const storage = z
  .strictObject({
    sizeGibibytes: whole(1, 65536).describe("Size of each volume."),
    className: dnsLabel.optional().describe("The StorageClass. By default the cluster's default class."),
  })
  .optional()
  .describe(
    "A volume for each pod of Prometheus. By default it writes to its node's disk, and a pod that moves begins with nothing; its replica has the past.",
  );

const alertmanager = z
  .strictObject({
    replicas: whole(1, 3).default(2).describe("Pods of Alertmanager. They tell each other what they have sent."),
    configSecret: secretName
      .optional()
      .describe(
        "A Secret of yours in the namespace monitoring with the key alertmanager.yaml: Alertmanager's configuration, with its receivers. By default alerts are kept and nobody is told.",
      ),
  })
  .prefault({})
  .describe("Alertmanager.");

const alerts = z
  .strictObject({
    certificateDays: whole(1, 36500)
      .default(14)
      .describe(
        "Alert when a certificate ends in fewer days. The program's own are renewed by an `up` in their window, certificates.renewBeforeHours.",
      ),
    snapshotMinutes: whole(1, 1_000_000)
      .optional()
      .describe(
        "Alert when an etcd host's newest snapshot is older. By default three times etcd.backup.intervalMinutes and 10 minutes.",
      ),
  })
  .prefault({})
  .describe("What the program's own alerts go by.");

const monitoring = z.strictObject({
  enabled: switchOn("Install it."),
  replicas: whole(1, 3)
    .default(2)
    .describe("Pods of Prometheus, on different nodes where there are enough. Each reads everything."),
  retentionDays: whole(1, 3650).default(15).describe("How long Prometheus keeps what it has read."),
  storage,
  memoryRequestMebibytes: whole(128, 1_000_000).default(400).describe("What each pod of Prometheus asks for, at most its limit."),
  memoryLimitMebibytes: whole(256, 1_000_000)
    .default(2048)
    .describe("Memory limit of each pod of Prometheus: some 3 KiB for each of its series."),
  alertmanager,
  alerts,
  nodeExporter: switchOn("node-exporter on every node: what its kernel says of processor, memory, disks and network."),
  kubeStateMetrics: onOff
    .default(false)
    .describe(
      "kube-state-metrics, which says what the API knows of pods, workloads and nodes. A bundle can't hold its image: not with images from one.",
    ),
  grafana: onOff
    .default(false)
    .describe(
      "Grafana with dashboards of the cluster, etcd and balancers. It asks for no login: all that reach its Service may read. A bundle can't hold its image: not with images from one.",
    ),
});

type Input = z.input<typeof monitoring>;

/** `true` and `false` are short for `enabled`. */
export const monitoringSchema = z
  .preprocess((given: boolean | Input): Input => (typeof given === "boolean" ? { enabled: given } : given), monitoring)
  .prefault(false)
  .describe(
    "Prometheus and Alertmanager in the namespace monitoring: they read etcd, control planes, balancers, kubelets and hosts, with alerts. While they are on, kubelets serve with certificates of the cluster's authority. true and false are short for a mapping with `enabled` alone. By default off. See docs/monitoring.md.",
  );

export type Monitoring = z.output<typeof monitoring>;
