import { type Bad, bad } from "./bad-sample.ts";

// Arguments and files of etcd, kube-controller-manager and kube-scheduler, and fields of kubelets beside them.

type Section = "etcd" | "controllerManager" | "scheduler";

/** One argument, or several of which the first is at fault. */
const argument = (section: Section, name: string, value: string, beside: Record<string, string> = {}): Bad =>
  bad(
    `${section} --${name}=${value}`,
    (c) => {
      c[section] = { ...c[section], extraArgs: { [name]: value, ...beside } };
    },
    `cluster.${section}.extraArgs.${name}`,
  );

const configured = (mistake: string, configuration: object, key: string): Bad =>
  bad(
    mistake,
    (c) => {
      c.scheduler = { configuration };
    },
    `cluster.scheduler.configuration.${key}`,
  );

export const badControllers: readonly Bad[] = [
  argument("etcd", "auto-compaction-retention", "often"),
  argument("etcd", "auto-compaction-retention", "30m", { "auto-compaction-mode": "revision" }),
  argument("etcd", "auto-compaction-mode", "sometimes"),
  argument("etcd", "pre-vote", "maybe"),
  argument("etcd", "max-learners", "0"),
  argument("etcd", "max-request-bytes", "2MB"),
  argument("etcd", "warning-apply-duration", "5"),
  argument("etcd", "log-level", "verbose"),
  argument("etcd", "tls-min-version", "1.3"),
  argument("etcd", "peer-cert-allowed-cn", "m1"),
  argument("etcd", "client-cert-allowed-hostname", "m1"),
  argument("controllerManager", "node-cidr-mask-size", "25"),
  argument("controllerManager", "leader-elect-lease-duration", "8s"),
  argument("controllerManager", "leader-elect-renew-deadline", "20s"),
  argument("scheduler", "leader-elect-retry-period", "9s"),
  argument("scheduler", "leader-elect-renew-deadline", "2s", { "leader-elect-lease-duration": "1m" }),
  argument("controllerManager", "tls-cert-file", "/root/tls.crt"),
  argument("scheduler", "tls-cert-file", "/etc/kubernetes/pki/apiserver.crt"),
  configured(
    "a scheduler's configuration of another version",
    { apiVersion: "kubescheduler.config.k8s.io/v1beta3" },
    "apiVersion",
  ),
  configured("a number as the scheduler's profiles", { profiles: 5 }, "profiles"),
  configured(
    "two profiles of the scheduler with one name",
    { profiles: [{}, { schedulerName: "default-scheduler" }] },
    "profiles[1]",
  ),
  bad(
    "an argument that the scheduler doesn't read beside a configuration",
    (c) => {
      c.scheduler = { configuration: { profiles: [{ schedulerName: "one" }] }, extraArgs: { "kube-api-qps": "100" } };
    },
    "cluster.scheduler.extraArgs.kube-api-qps",
  ),
  bad(
    "a kubelet that says too rarely that it lives",
    (c) => {
      c.kubelet = { extraConfig: { nodeLeaseDurationSeconds: 120, nodeStatusUpdateFrequency: "20s" } };
      c.controllerManager = { nodeMonitorGracePeriodSeconds: 40 };
    },
    "cluster.kubelet.extraConfig.nodeLeaseDurationSeconds",
    "cluster.kubelet.extraConfig.nodeStatusUpdateFrequency",
  ),
];
