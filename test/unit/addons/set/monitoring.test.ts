import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { addonObjects, type KubernetesObject } from "../../../../addons/addon.ts";
import { dashboardJson, dashboards } from "../../../../addons/set/monitoring/dashboards.ts";
import { monitoring } from "../../../../addons/set/monitoring/monitoring.ts";
import { resolveVersions } from "../../../../artifacts/lock.ts";
import { clusterFrom, hostAt, metal, type Written } from "../../../harness/samples.ts";

function objects(settings: unknown, edit: (config: Written) => void = () => {}): Written[] | undefined {
  const config = metal();
  config.addons = { monitoring: settings };
  edit(config);
  const cluster = clusterFrom(config);
  return addonObjects(monitoring, { cluster, versions: resolveVersions(cluster).versions, apiUrl: "https://api:8443" });
}
const all = (settings: unknown = true, edit?: (config: Written) => void) => objects(settings, edit) ?? [];
const named = (list: readonly KubernetesObject[], kind: string, name: string): Written =>
  list.find((it) => it.kind === kind && it.metadata.name === name);
const alertsOf = (list: readonly KubernetesObject[]): Record<string, Written> =>
  Object.fromEntries(
    named(list, "PrometheusRule", "ha-kubernetes").spec.groups.flatMap(({ rules }: Written) =>
      rules.map((rule: Written) => [rule.alert, rule]),
    ),
  );

test("it is there only where the config asks for it, and true is short for every default", () => {
  for (const off of [undefined, false]) assert.equal(objects(off), undefined);
  assert.deepEqual(all(true), all({}));
});

test("what shows Prometheus' token is checked against the cluster's authority, and by name where it has one", () => {
  const list = all();
  assert.doesNotMatch(JSON.stringify(list), /insecureSkipVerify/);
  const scrapes = list.filter(({ kind }) => kind === "ScrapeConfig");
  const secured = scrapes.filter(({ spec }) => spec.scrapeClass === "kubernetes");
  assert.deepEqual(
    secured.map(({ metadata, spec }) => [metadata.name, spec.scheme, spec.tlsConfig?.serverName]),
    [
      ["controller-manager", "HTTPS", "kube-controller-manager"],
      ["scheduler", "HTTPS", "kube-scheduler"],
      ["kubelet", "HTTPS", undefined],
      ["cadvisor", "HTTPS", undefined],
      ["apiserver", "HTTPS", undefined],
    ],
  );
  for (const { spec } of scrapes.filter((it) => !secured.includes(it))) assert.equal(spec.scheme, undefined);
  const [scrapeClass] = named(list, "Prometheus", "main").spec.scrapeClasses;
  assert.match(scrapeClass.tlsConfig.caFile, /serviceaccount\/ca\.crt$/);
});

test("hosts that are nodes are found by the API, others by their addresses, lost ones not at all", () => {
  const list = all(true, (config) => {
    config.hosts = {
      ...Object.fromEntries(
        [11, 12, 13].map((place) => [`m${place}.example.com`, hostAt(config, place, "control-plane", "balancer")]),
      ),
      ...Object.fromEntries([21, 22, 23].map((place) => [`e${place}`, hostAt(config, place, "etcd")])),
      e24: { ...hostAt(config, 24, "etcd"), lost: true },
      w1: hostAt(config, 31, "worker"),
    };
    config.hosts.w1.pool = "general";
  });
  const spec = (name: string) => named(list, "ScrapeConfig", name).spec;
  assert.deepEqual(
    spec("etcd").staticConfigs.map(({ targets, labels }: Written) => [labels.host, targets[0].split(":").at(-1)]),
    [21, 22, 23].map((place) => [`e${place}`, "2381"]),
  );
  assert.equal(spec("etcd").kubernetesSDConfigs, undefined);
  assert.deepEqual(
    spec("hosts").staticConfigs.map(({ labels }: Written) => labels.host),
    ["e21", "e22", "e23"],
  );
  assert.deepEqual(spec("haproxy").relabelings[1], {
    sourceLabels: ["host"],
    regex: "m11\\.example\\.com|m12\\.example\\.com|m13\\.example\\.com",
    action: "keep",
  });
});

test("a cluster has no alert about what it does not have, and thresholds are those of the config", () => {
  const usual = alertsOf(all());
  assert.ok(usual.VirtualAddressMissing && usual.BalancerMissesApiserver && usual.SnapshotOld && !usual.PodEndsAgainAndAgain);
  assert.match(usual.SnapshotOld.expr, /> 6000$/);
  assert.match(usual.CertificateEnds.expr, /< 1209600$/);
  const other = alertsOf(
    all({ alerts: { certificateDays: 1, snapshotMinutes: 60 } }, (config) => {
      config.balancer = { kind: "nginx" };
      config.etcd = { ...config.etcd, backup: { enabled: false } };
    }),
  );
  assert.ok(other.VirtualAddressMissing && !other.BalancerMissesApiserver && !other.SnapshotOld);
  assert.match(other.CertificateEnds.expr, /< 86400$/);
  assert.match(alertsOf(all({ alerts: { snapshotMinutes: 60 } })).SnapshotOld.expr, /> 3600$/);
});

test("the operator writes in its own namespace alone", () => {
  const list = all();
  const { rules } = named(list, "ClusterRole", "ha-kubernetes:prometheus-operator");
  const writes = rules.filter(({ verbs }: Written) => verbs.some((verb: string) => !["get", "list", "watch"].includes(verb)));
  assert.deepEqual(
    writes.map(({ resources }: Written) => resources),
    [["*"], ["events"]],
  );
  assert.deepEqual(named(list, "Role", "prometheus-operator").metadata.namespace, "monitoring");
});

test("volumes, replicas and budgets are those of the config", () => {
  const list = all({ replicas: 1, storage: { sizeGibibytes: 20, className: "fast" }, alertmanager: { configSecret: "ours" } });
  const { spec } = named(list, "Prometheus", "main");
  assert.deepEqual(spec.storage.volumeClaimTemplate.spec, {
    storageClassName: "fast",
    accessModes: ["ReadWriteOnce"],
    resources: { requests: { storage: "20Gi" } },
  });
  assert.equal(named(list, "PodDisruptionBudget", "prometheus"), undefined);
  assert.equal(named(list, "PodDisruptionBudget", "alertmanager").spec.maxUnavailable, 1);
  assert.equal(named(list, "Alertmanager", "main").spec.configSecret, "ours");
});

test("dashboards are of Grafana's form, each line with a letter of its own, and all metrics of this program in them exist", () => {
  const script = readFileSync(new URL("../../../../hosts/stages/prepare/metrics/metrics.sh", import.meta.url), "utf8");
  const texts = Object.entries(dashboards).map(([name, about]) => JSON.parse(dashboardJson(name, about)));
  for (const { uid, panels } of texts) {
    assert.match(uid, /^ha-kubernetes-[a-z]+$/);
    for (const { targets } of panels) assert.equal(new Set(targets.map(({ refId }: Written) => refId)).size, targets.length);
  }
  const asked = JSON.stringify([texts, alertsOf(all())]).match(/ha_kubernetes_[a-z_]+/g) ?? [];
  assert.ok(asked.length > 5);
  for (const metric of new Set(asked)) assert.ok(script.includes(`metric ${metric.slice("ha_kubernetes_".length)} `), metric);
});
