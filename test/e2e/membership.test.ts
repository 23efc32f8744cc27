// edits of the config add, remove, replace and lose hosts, while requests go on and a workload has a disruption budget

import assert from "node:assert/strict";
import { test } from "node:test";
import { Edited, healthyMembers, nodeNames } from "../harness/edits.ts";
import { cutPower } from "../harness/lab-faults.ts";
import { type ClusterConfig, everyRole, hostAt } from "../harness/samples.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { threePlusTwo } from "../harness/stack.ts";
import { startWhereAmI } from "../harness/workload.ts";

const config = await threePlusTwo("test-members");
const everything = (last: number) => hostAt(config, last, ...everyRole);
const worker = (last: number) => hostAt(config, last, "worker");
const without = (config: ClusterConfig, name: string) => {
  delete config.hosts[name];
};

onCluster(config, (scenario) => {
  const edited = new Edited(scenario);

  test("a healthy cluster with a workload; CoreDNS allows one disrupted pod", async () => {
    await scenario.cluster.settled();
    await startWhereAmI(scenario.cluster);
    assert.equal((await scenario.cluster.list("pdb -n kube-system")).length, 1);
  });

  test("a worker is added after every token has expired: the only command elsewhere creates its credential", async () => {
    await scenario.cluster.kubectl("delete secrets -n kube-system --field-selector type=bootstrap.kubernetes.io/token");
    const { cluster, report, ran } = await edited.up("worker w3 added", ({ hosts }) => {
      hosts.w3 = worker(23);
    });
    assert.deepEqual(report.fresh.failed, []);
    assert.deepEqual(ran, ["m1", "w3"]);
    await cluster.settled();
  });

  test("a worker is deleted from the config: it is drained, its Node is deleted, and nothing runs on other hosts", async () => {
    const { cluster, report, ran, text } = await edited.up("worker w1 removed", (config) => without(config, "w1"));
    assert.deepEqual(report.fresh.failed, []);
    assert.deepEqual(ran, ["w1"]);
    assert.match(text, /drained; left the cluster/);
    await cluster.settled();
    assert.deepEqual(await nodeNames(cluster), ["m1", "m2", "m3", "w2", "w3"]);
  });

  test("the first host is replaced, one for one, in one edit: no request fails, and nothing runs on workers", async () => {
    const { cluster, report, ran } = await edited.up("m1 replaced by m4", (config) => {
      without(config, "m1");
      config.hosts.m4 = everything(14);
    });
    assert.deepEqual(report.fresh.failed, []);
    assert.deepEqual(ran, ["m1", "m2", "m3", "m4"]);
    await cluster.settled();
    assert.deepEqual(await nodeNames(cluster), ["m2", "m3", "m4", "w2", "w3"]);
    assert.deepEqual(await healthyMembers(cluster), ["m2", "m3", "m4"]);
  });

  test("a host that lost power is marked as lost and replaced in one edit, then its entry is deleted", async () => {
    await cutPower(scenario.config.name, "m2");
    const { cluster } = await edited.up(
      "m2 lost, m5 added",
      ({ hosts }) => {
        Object.assign(hosts.m2 as object, { lost: true });
        hosts.m5 = everything(15);
      },
      ["m2"],
    );
    assert.deepEqual(await nodeNames(cluster), ["m3", "m4", "m5", "w2", "w3"]);
    const deleted = await edited.up("the entry of m2 deleted", (config) => without(config, "m2"), ["m2"]);
    assert.deepEqual(await healthyMembers(deleted.cluster), ["m3", "m4", "m5"]);
    await deleted.cluster.settled();
  });

  test("the etcd cluster is the same throughout, and another up runs nothing", async () => {
    assert.equal((await edited.cluster.etcdClusterIds()).size, 1);
    await assertNothingRuns({ ...scenario, cluster: edited.cluster });
  });

  test("a harmful edit is refused before anything is touched, with the cure", async () => {
    const { stack } = scenario;
    const { m3: _, m4: __, ...hosts } = edited.config.hosts;
    stack.configure({ ...edited.config, hosts: { ...hosts, m6: everything(16), m7: everything(17) } });
    const { status, text } = await stack.engine("preview");
    assert.notEqual(status, 0);
    assert.match(text, /nothing was touched/);
    stack.configure(edited.config);
    await assertNothingRuns({ ...scenario, cluster: edited.cluster });
  });
});
