// monitoring: every target answers, alerts of etcd and of certificates reach Alertmanager and go again, and nothing is left when it is off

import assert from "node:assert/strict";
import { test } from "node:test";
import { fillBundle } from "../harness/bundle.ts";
import { checked } from "../harness/checked.ts";
import { eventually } from "../harness/process.ts";
import type { Written } from "../harness/samples.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { threePlusTwo } from "../harness/stack.ts";

// Three hosts that are everything, so that Prometheus has nodes to be spread over.
const config: Written = await threePlusTwo("test-monitoring");
const { m1, m2, m3 } = config.hosts;
config.hosts = { m1, m2, m3 };
for (const host of [m1, m2, m3]) host.roles.push("worker");
config.addons = { monitoring: { memoryRequestMebibytes: 200 } };

const images = ["alertmanager", "node-exporter", "prometheus", "prometheus-config-reloader", "prometheus-operator"];

onCluster(
  config,
  (scenario) => {
    const { stack, cluster } = scenario;
    const ask = async (service: string, path: string) =>
      JSON.parse(await cluster.kubectl(`get --raw '/api/v1/namespaces/monitoring/services/${service}:web/proxy/${path}'`));
    const names = async (what: string) => (await cluster.kubectl(`get ${what} -o name`)).trim().split("\n").filter(Boolean);
    /** The alerts that Alertmanager has, as `name` or `name of host`. */
    const alerts = async (): Promise<string[]> =>
      (await ask("alertmanager", "api/v2/alerts")).map(
        ({ labels }: Written) => `${labels.alertname}${labels.host ? ` of ${labels.host}` : ""}`,
      );
    const fires = (alert: string, seconds: number) =>
      eventually(`alert ${alert}`, seconds, async () => {
        const all = await alerts();
        if (!all.includes(alert)) throw new Error(`there are ${[...new Set(all)].join(", ")}`);
        return true;
      });
    const clears = (alert: string, seconds: number) =>
      eventually(`alert ${alert} to go`, seconds, async () => !(await alerts()).includes(alert));
    const everywhere = (script: string) => Promise.all([...cluster.hosts.values()].map((host) => host.sh(script)));

    test("every target of every job answers", async () => {
      const answering = await eventually("all targets to be up", 300, async () => {
        const { activeTargets } = (await ask("prometheus", "api/v1/targets?state=active")).data;
        const down = activeTargets.filter(({ health }: Written) => health !== "up");
        if (down.length > 0)
          throw new Error(
            down.map(({ labels, lastError }: Written) => `${labels.job} ${labels.instance}: ${lastError}`).join("; "),
          );
        const count: Record<string, number> = {};
        for (const { labels } of activeTargets) count[labels.job] = (count[labels.job] ?? 0) + 1;
        // A pod that has just started is found a little later.
        if (Object.keys(count).length < 13) throw new Error(`there are only ${Object.keys(count).join(", ")}`);
        return count;
      });
      const three = [
        "apiserver",
        "controller-manager",
        "scheduler",
        "kubelet",
        "cadvisor",
        "etcd",
        "haproxy",
        "hosts",
        "node-exporter",
      ];
      assert.deepEqual(answering, {
        ...Object.fromEntries(three.map((job) => [job, 3])),
        ...{ coredns: 2, prometheus: 2, alertmanager: 2, "prometheus-operator": 1 },
      });
      const nodes = (await cluster.list("pods -n monitoring -l app.kubernetes.io/name=prometheus")).map(
        ({ spec }) => spec.nodeName,
      );
      assert.equal(new Set(nodes).size, 2, `Prometheus is on ${nodes.join(" and ")}`);
    });

    test("check finds nothing wrong, a second up runs nothing, and the alert that always fires does", async () => {
      await fires("Watchdog", 180);
      const { wrong } = await checked(stack);
      assert.deepEqual(
        wrong.filter((line) => line.includes("FAIL")),
        [],
      );
      await assertNothingRuns(scenario);
    });

    test("an alert fires when a member of etcd stops, another when a certificate nears its end, and both go", async () => {
      // Longer than any leaf lasts: a year by default.
      config.addons.monitoring.alerts = { certificateDays: 366 };
      stack.configure(config);
      await stack.up();
      await cluster.host("m3").sh("systemctl stop etcd");
      await fires("EtcdMemberDown of m3", 300);
      await fires("CertificateEnds of m1", 300);
      await cluster.host("m3").sh("systemctl start etcd");
      delete config.addons.monitoring.alerts;
      stack.configure(config);
      await stack.up();
      await clears("EtcdMemberDown of m3", 300);
      await clears("CertificateEnds of m1", 300);
    });

    test("turning it off takes everything away, on hosts too", async () => {
      config.addons = {};
      stack.configure(config);
      await stack.up();
      assert.deepEqual(
        (await names("crd,namespace")).filter((name) => name.includes("monitoring")),
        [],
      );
      assert.deepEqual(
        (await names("clusterrole,clusterrolebinding")).filter((name) => /prometheus|alertmanager|node-exporter/.test(name)),
        [],
      );
      for (const left of await everywhere(
        `ss -Hltn | awk '{print $4}' | grep -E ':(2384|9100|9101)$' || true
ls -d /etc/kubernetes/serving /usr/local/lib/ha-kubernetes/metrics.sh /etc/systemd/system/*ha-kubernetes-metrics* 2>/dev/null || true
ss -Hltn | awk '{print $4}' | grep -E ':(2381|10257|10259)$' | grep -v '^127\\.0\\.0\\.1:' || true`,
      ))
        assert.equal(left.trim(), "");
      await cluster.settled();
      await assertNothingRuns(scenario);
    });
  },
  {
    // The kinds are read at preview.
    prepare: () =>
      fillBundle(config.kubernetesVersion, [`addons/lock.json#${[...images, "prometheus-operator-crds"].join(",")}`]),
  },
);
