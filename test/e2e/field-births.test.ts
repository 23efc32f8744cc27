// a first up killed at ten points of the birth: destroy leaves hosts as they were each time, and up makes a healthy cluster
import assert from "node:assert/strict";
import { test } from "node:test";
import { FreshHosts } from "../harness/fresh.ts";
import { killedUp, randomFrom } from "../harness/kills.ts";
import { makeMetal, onMetal } from "../harness/metal.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";

// HA_KUBERNETES_SEED chooses other points than the usual ones.
const random = randomFrom(Number(process.env.HA_KUBERNETES_SEED ?? 1));
const points = 10;
/** The birth on hosts that exist takes about half a minute on two processors. A kill that comes too late counts as none. */
let birthSeconds = 34;

const fresh = new FreshHosts();

onCluster(
  await onMetal("test-births"),
  (scenario) => {
    const { stack, cluster } = scenario;

    test(`up killed at ${points} points of the birth, each followed by destroy: hosts are as they were`, async () => {
      for (let point = 0; point < points; ) {
        // One in each tenth of the birth. The first seconds are the engine's own.
        const milliseconds = Math.round(2500 + ((point + random()) / points) * (birthSeconds - 3) * 1000);
        const { killed, running } = await killedUp(stack, milliseconds);
        if (killed) {
          point++;
          console.log(`kill ${point} after ${milliseconds} ms: ${running.join(", ") || "nothing"}`);
        } else {
          birthSeconds *= 0.85;
          console.log(`the birth was over before ${milliseconds} ms`);
        }
        const started = Date.now();
        await stack.destroy();
        console.log(`destroy took ${Date.now() - started} ms`);
        assert.deepEqual(stack.resources(), []);
        await fresh.assertClean(...cluster.hosts.values());
      }
    });

    test("up killed in the first half and in the second, then up: a healthy cluster, and another up runs nothing", async () => {
      for (const part of [0.3, 0.7]) {
        const { killed, running } = await killedUp(stack, part * birthSeconds * 1000);
        assert.ok(killed, "the birth was over before it was to be killed");
        console.log(`killed: ${running.join(", ")}`);
      }
      await stack.up();
      await cluster.settled();
      assert.equal((await cluster.etcdClusterIds()).size, 1);
      await assertNothingRuns(scenario);
      await stack.destroy();
      await fresh.assertClean(...cluster.hosts.values());
    });
  },
  {
    up: false,
    prepare: async (scenario) => {
      await makeMetal(scenario);
      await fresh.remember(scenario.cluster.hosts.values());
    },
  },
);
