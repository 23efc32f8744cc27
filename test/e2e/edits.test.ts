// settings of a running cluster change: apiserver, kubelets, sysctls, balancers, name servers, a pool's labels and taints

import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestCluster } from "../harness/cluster.ts";
import { type Edit, Edited } from "../harness/edits.ts";
import { eventually } from "../harness/process.ts";
import { type ClusterConfig, hostAt } from "../harness/samples.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { threePlusTwo } from "../harness/stack.ts";
import { startWhereAmI } from "../harness/workload.ts";

onCluster(await threePlusTwo("test-edits"), (scenario) => {
  const edited = new Edited(scenario);
  const controlPlanes = ["m1", "m2", "m3"];
  const everyHost = [...controlPlanes, "w1", "w2"];

  /** Makes an edit that runs on these hosts only; asserts that no request fails and nothing is replaced. */
  async function edit(what: string, hosts: readonly string[], change: (config: ClusterConfig) => void): Promise<Edit> {
    const done = await edited.up(what, change);
    assert.deepEqual(done.report.fresh.failed, []);
    assert.deepEqual(done.ran, hosts);
    assert.doesNotMatch(done.text, /\b\d+ (replaced|deleted)/);
    return done;
  }
  const onEach = async (cluster: TestCluster, hosts: readonly string[], script: string, expected: RegExp) => {
    for (const name of hosts) assert.match(await cluster.host(name).sh(script), expected, name);
  };

  test("a healthy cluster with a workload", async () => {
    await scenario.cluster.settled();
    await startWhereAmI(scenario.cluster);
  });

  test("an apiserver argument: control planes change one at a time", async () => {
    const { cluster } = await edit("api.extraArgs", controlPlanes, ({ api }) => {
      api.extraArgs = { "max-requests-inflight": "500" };
    });
    await onEach(cluster, controlPlanes, "ps -o args= -C kube-apiserver", /--max-requests-inflight=500\s/);
  });

  test("another name of the API: every apiserver's certificate has it", async () => {
    const { cluster } = await edit("api.extraNames", controlPlanes, ({ api }) => {
      api.extraNames = ["kubernetes.example.com"];
    });
    const script = "openssl s_client -connect localhost:6443 </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName";
    await onEach(cluster, controlPlanes, script, /DNS:kubernetes\.example\.com/);
  });

  test("a kubelet setting: pods keep running", async () => {
    const pods = async () => (await edited.cluster.list("pods -n default")).map(({ metadata }) => metadata.uid).sort();
    const before = await pods();
    const { cluster } = await edit("kubelet.maxPods", everyHost, (config) => {
      config.kubelet = { maxPods: 120 };
    });
    await eventually("every node to take 120 pods", 60, async () =>
      (await cluster.list("nodes")).every(({ status }) => status.capacity.pods === "120"),
    );
    assert.deepEqual(await pods(), before);
  });

  test("a sysctl: it is set on all hosts at the same time, and nothing restarts", async () => {
    const started = "systemctl show -p ExecMainStartTimestampMonotonic kubelet containerd";
    const times = async () => Promise.all(everyHost.map((name) => edited.cluster.host(name).sh(started)));
    const before = await times();
    const { cluster } = await edit("hostPreparation.extraSysctl", everyHost, (config) => {
      config.hostPreparation = { extraSysctl: { "net.ipv4.tcp_keepalive_time": "611" } };
    });
    await onEach(cluster, everyHost, "cat /proc/sys/net/ipv4/tcp_keepalive_time", /^611$/m);
    assert.deepEqual(await times(), before);
  });

  test("a balancer setting: the running haproxy reloads it", async () => {
    const processes = async () =>
      Promise.all(controlPlanes.map((name) => edited.cluster.host(name).sh("systemctl show -p MainPID haproxy")));
    const before = await processes();
    const { cluster } = await edit("balancer.maximumConnections", controlPlanes, (config) => {
      config.balancer = { maximumConnections: 30000 };
    });
    await onEach(cluster, controlPlanes, "cat /etc/ha-kubernetes/haproxy.cfg", /maxconn 30000/);
    assert.deepEqual(await processes(), before);
  });

  test("name servers: CoreDNS asks the new ones", async () => {
    const { cluster } = await edit("network.nameServers", everyHost, (config) => {
      config.network = { nameServers: ["192.0.2.53"] };
    });
    await cluster.settled();
    const { data } = await cluster.get("configmap coredns -n kube-system");
    assert.match(data.Corefile, /forward \. 192\.0\.2\.53/);
  });

  test("labels and taints of a pool reach running workers and a new one; a foreign taint stays", async () => {
    await edited.cluster.kubectl("taint node w1 mine=yes:PreferNoSchedule");
    const { cluster } = await edit("pools.general.labels and .taints", everyHost, (config) => {
      const taints = [{ key: "dedicated", value: "batch", effect: "NoSchedule" }];
      config.pools = { general: { labels: { "example.com/kind": "batch" }, taints } };
    });
    assert.deepEqual(await taintsAndLabel(cluster, "w1"), ["dedicated=batch:NoSchedule mine=yes:PreferNoSchedule", "batch"]);
    assert.deepEqual(await taintsAndLabel(cluster, "w2"), ["dedicated=batch:NoSchedule", "batch"]);
    const joined = await edit("worker w3 added to it", ["m1", "w3"], ({ hosts }) => {
      hosts.w3 = hostAt(scenario.config, 23, "worker");
    });
    await joined.cluster.nodesReady();
    assert.deepEqual(await taintsAndLabel(joined.cluster, "w3"), ["dedicated=batch:NoSchedule", "batch"]);
  });

  test("labels and taints that leave the config are removed", async () => {
    const { cluster } = await edit("pools.general without labels and taints", [...everyHost, "w3"], (config) => {
      config.pools = { general: {} };
    });
    for (const name of ["w2", "w3"]) assert.deepEqual(await taintsAndLabel(cluster, name), ["", undefined], name);
    assert.deepEqual(await taintsAndLabel(cluster, "w1"), ["mine=yes:PreferNoSchedule", undefined]);
    await cluster.settled();
  });

  test("another up runs nothing", () => assertNothingRuns({ ...scenario, cluster: edited.cluster }));
});

/** A Node's taints, and its label example.com/kind. */
async function taintsAndLabel(cluster: TestCluster, name: string): Promise<[string, string | undefined]> {
  const { spec, metadata } = await cluster.get(`node ${name}`);
  const taints: { key: string; value: string; effect: string }[] = spec.taints ?? [];
  // Kubernetes' own, such as node.kubernetes.io/not-ready, come and go with a Node's conditions.
  const given = taints.filter(({ key }) => !key.startsWith("node.kubernetes.io/"));
  const words = given.map(({ key, value, effect }) => `${key}=${value}:${effect}`).sort();
  return [words.join(" "), metadata.labels?.["example.com/kind"]];
}
