// up upgrades a running cluster of an earlier release: host by host, no resource is replaced, no request on a new connection fails
import assert from "node:assert/strict";
import { test } from "node:test";
import { Probe, summary } from "../harness/probe.ts";
import { checkoutOf, upWith } from "../harness/release.ts";
import { RollWatch } from "../harness/roll.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { threePlusTwo } from "../harness/stack.ts";
import { startGuarded } from "../harness/workload.ts";

// The previous release, or another commit of this repository from the environment.
const before = process.env.HA_KUBERNETES_RELEASE ?? "fe72404b78faee5b110d837626005bf61edfb6f1";

onCluster(
  await threePlusTwo("test-release"),
  (scenario) => {
    const { stack, cluster } = scenario;

    test("up of this release: one apiserver and one worker at a time, no replaced resource, no failed request", async () => {
      await cluster.settled();
      await startGuarded(cluster);
      const [id] = await cluster.etcdClusterIds();
      const kubeconfig = await stack.output("kubeconfig");
      const probe = new Probe(kubeconfig);
      const watch = new RollWatch(kubeconfig, cluster);
      const started = Date.now();
      const { text } = await stack.up();
      console.log(`up took ${Math.round((Date.now() - started) / 1000)} s`);
      const roll = await watch.stop();
      const report = await probe.stop();
      console.log(text.slice(-8000));
      console.log(`${summary(report)}\n${JSON.stringify(roll)}`);
      assert.doesNotMatch(text, /\b\d+ replaced/);
      assert.deepEqual(report.fresh.failed, []);
      assert.deepEqual(report.lost, []);
      assert.ok(roll.mostAway <= 1, `${roll.mostAway} apiservers were away at the same time`);
      assert.ok(roll.mostCordoned <= 1, `${roll.mostCordoned} workers were cordoned at the same time`);
      assert.ok(roll.fewestGuarded >= 1, "the workload's budget was not kept");
      assert.deepEqual([...(await cluster.etcdClusterIds())], [id]);
    });

    test("everything runs, another up runs nothing, and destroy leaves no resource", async () => {
      await cluster.settled();
      await assertNothingRuns(scenario);
      await stack.destroy();
      assert.deepEqual(stack.resources(), []);
    });
  },
  {
    up: false,
    prepare: async ({ stack, config }) => {
      stack.configure(config);
      await upWith(await checkoutOf(before), stack);
    },
  },
);
