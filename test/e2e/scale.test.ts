// a worker is added to a cluster of 12 hosts: the only command elsewhere creates its credential

import assert from "node:assert/strict";
import { test } from "node:test";
import { Edited } from "../harness/edits.ts";
import { hostAt } from "../harness/samples.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { threePlusTwo } from "../harness/stack.ts";

const config = await threePlusTwo("test-scale");
const worker = (n: number) => hostAt(config, 20 + n, "worker");
for (let n = 3; n <= 9; n++) config.hosts[`w${n}`] = worker(n);

onCluster(config, (scenario) => {
  const edited = new Edited(scenario);

  test("12 hosts form a healthy cluster, and another up runs nothing", async () => {
    await scenario.cluster.settled(300);
    await assertNothingRuns(scenario);
  });

  test("a worker is added: commands run there, and on one control plane for its credential", async () => {
    const { cluster, report, ran } = await edited.up("worker w10 added to 12 hosts", ({ hosts }) => {
      hosts.w10 = worker(10);
    });
    assert.deepEqual(report.fresh.failed, []);
    assert.deepEqual(ran, ["m1", "w10"]);
    await cluster.settled(300);
  });
});
