// a single node that runs pods grows to three such nodes: host names with domains, labels, taints and annotations of single hosts

import assert from "node:assert/strict";
import { test } from "node:test";
import { isReady, type TestCluster } from "../harness/cluster.ts";
import { Edited, healthyMembers } from "../harness/edits.ts";
import { eventually } from "../harness/process.ts";
import { everyRole, hostAt, labCluster } from "../harness/samples.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { takeSubnet } from "../harness/subnets.ts";
import { assertPodsReachEachOther, startGuarded, startWhereAmI } from "../harness/workload.ts";

const subnet = await takeSubnet();
const [first, second, third] = ["n1.shapes.example.com", "n2.shapes.example.com", "n3.shapes.example.com"] as const;
const node = (place: number) => hostAt(subnet, place, ...everyRole, "worker");
const config = {
  ...labCluster("test-shapes", subnet, 0),
  etcd: { throwAway: true },
  hosts: { [first]: node(11) },
};

const foreign = { label: "mine", taint: "mine=yes:PreferNoSchedule", annotation: "mine" };
const annotation = 'rack "4", {row 2}, it\'s <new>';

onCluster(config, (scenario) => {
  const edited = new Edited(scenario);

  test("one host with every role is a Node without taints, under its whole name, and runs pods", async () => {
    const { cluster } = scenario;
    await cluster.settled();
    const { metadata, spec } = await cluster.get(`node ${first}`);
    assert.equal(spec.taints, undefined);
    assert.equal(metadata.labels?.["kubernetes.io/hostname"], first);
    assert.equal(metadata.labels?.["ha-kubernetes/pool"], "general");
    assert.equal(metadata.labels?.["node-role.kubernetes.io/control-plane"], "");
    assert.equal(metadata.labels?.["node.kubernetes.io/exclude-from-external-load-balancers"], undefined);
    assert.equal((await cluster.host(first).sh("hostname -f; hostname")).trim(), `${first}\n${first}`);
    assert.deepEqual(await healthyMembers(cluster), [first]);
    await assertPodsReachEachOther(cluster);
    await assertNothingRuns(scenario);
  });

  test("labels, taints and annotations of the host reach its Node; its pods run on", async () => {
    await startWhereAmI(edited.cluster);
    await edited.cluster.kubectl(`label node ${first} ${foreign.label}=yes`);
    await edited.cluster.kubectl(`taint node ${first} ${foreign.taint}`);
    await edited.cluster.kubectl(`annotate node ${first} ${foreign.annotation}=yes`);
    const before = await pods(edited.cluster);
    const { cluster } = await edited.up("labels, taints and annotations of one host", ({ hosts }) => {
      Object.assign(hosts[first] as object, {
        labels: { "example.com/disk": "ssd", "node-role.kubernetes.io/ingress": "" },
        taints: [{ key: "example.com/dear", effect: "PreferNoSchedule" }],
        annotations: { "example.com/place": annotation },
      });
    });
    const { metadata, spec } = await cluster.get(`node ${first}`);
    assert.equal(metadata.labels?.["example.com/disk"], "ssd");
    assert.equal(metadata.labels?.["node-role.kubernetes.io/ingress"], "");
    assert.equal(metadata.annotations?.["example.com/place"], annotation);
    assert.deepEqual(taintsOf(spec), ["example.com/dear", "mine"]);
    assert.deepEqual(await pods(cluster), before);
    await assertNothingRuns({ ...scenario, cluster });
  });

  test("it grows to three nodes that run pods, in one edit: members join as learners, and what ran runs on", async () => {
    await edited.cluster.kubectl("create configmap kept -n default --from-literal=from=one");
    const ran = await pods(edited.cluster);
    const { cluster, text } = await edited.up("one node to three", (config) => {
      config.hosts[first] = node(11);
      config.hosts[second] = node(12);
      config.hosts[third] = node(13);
      delete config.etcd;
    });
    for (const name of [second, third]) assert.match(text, new RegExp(`etcd on ${name}: .*joined etcd`));
    assert.deepEqual(await healthyMembers(cluster), [first, second, third]);
    await cluster.settled();
    for (const uid of ran) assert.ok((await pods(cluster)).includes(uid), uid);
    assert.equal((await cluster.get("configmap kept -n default")).data.from, "one");
    for (const name of [second, third]) assert.equal((await cluster.get(`node ${name}`)).spec.taints, undefined, name);
    await assertPodsReachEachOther(cluster);
  });

  test("what left the config left the Node; what others gave it stayed", async () => {
    const { metadata, spec } = await edited.cluster.get(`node ${first}`);
    assert.equal(metadata.labels?.["example.com/disk"], undefined);
    assert.equal(metadata.labels?.["node-role.kubernetes.io/ingress"], undefined);
    assert.equal(metadata.annotations?.["example.com/place"], undefined);
    assert.equal(metadata.labels?.[foreign.label], "yes");
    assert.equal(metadata.annotations?.[foreign.annotation], "yes");
    assert.deepEqual(taintsOf(spec), ["mine"]);
    await assertNothingRuns({ ...scenario, cluster: edited.cluster });
  });

  test("back to one node is refused", async () => {
    scenario.stack.configure(config);
    const { status, text } = await scenario.stack.engine("preview");
    scenario.stack.configure(edited.config);
    assert.notEqual(status, 0);
    assert.match(text, /would remove n2\.shapes\.example\.com, n3\.shapes\.example\.com/);
  });

  test("a roll over the three: one at a time, and no request fails", async () => {
    const { cluster, report } = await edited.up("api.extraArgs", ({ api }) => {
      api.extraArgs = { "max-requests-inflight": "500" };
    });
    assert.deepEqual(report.fresh.failed, []);
    for (const host of cluster.hosts.values()) assert.match(await host.sh("ps -o args= -C kube-apiserver"), /inflight=500\s/);
  });

  test("a node that gives up the role worker is tainted, its pods move away, and no request fails", async () => {
    await startGuarded(edited.cluster);
    const { cluster, report } = await edited.up("a control plane alone", ({ hosts }) => {
      hosts[third] = hostAt(subnet, 13, ...everyRole);
    });
    assert.deepEqual(report.fresh.failed, []);
    const { metadata, spec } = await cluster.get(`node ${third}`);
    assert.deepEqual(taintsOf(spec), ["node-role.kubernetes.io/control-plane"]);
    assert.equal(spec.unschedulable, undefined);
    assert.equal(metadata.labels?.["ha-kubernetes/pool"], undefined);
    assert.equal(metadata.labels?.["node.kubernetes.io/exclude-from-external-load-balancers"], "");
    await eventually("the guarded pods to run elsewhere", 60, async () => {
      const guarded = await cluster.list("pods -n default -l app=guarded");
      return guarded.filter(isReady).length === 2 && guarded.every(({ spec }) => spec.nodeName !== third);
    });
    await cluster.settled();
    await assertNothingRuns({ ...scenario, cluster });
  });
});

/** The pods of the test, by uid. */
const pods = async (cluster: TestCluster): Promise<string[]> =>
  (await cluster.list("pods -n default -l app=whereami")).map(({ metadata }) => String(metadata.uid)).sort();

/** Keys of a Node's taints, without those that come and go with its conditions. */
const taintsOf = ({ taints = [] }: { taints?: { key: string }[] }): string[] =>
  taints
    .map(({ key }) => key)
    .filter((key) => !key.startsWith("node.kubernetes.io/"))
    .sort();
