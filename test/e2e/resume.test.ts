// up is killed five times and then finishes; up runs with one command at a time
import assert from "node:assert/strict";
import { test } from "node:test";
import { killedUp, killGroup } from "../harness/kills.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { threePlusTwo } from "../harness/stack.ts";

onCluster(
  await threePlusTwo("test-resume"),
  (scenario) => {
    const { stack, cluster } = scenario;
    const ids = new Set<string>();

    test("up is killed up to five times, then finishes with a healthy cluster that was born once", async () => {
      for (let round = 1; round <= 5; round++) {
        // Each run continues where the last one was killed, so that kills hit early and late stages.
        const milliseconds = Math.round(2000 + Math.random() * 9000);
        const { killed, running } = await killedUp(stack, milliseconds);
        if (!killed) {
          // A fast machine may be done before the fifth.
          assert.ok(round > 2, `it ended by itself in round ${round}`);
          break;
        }
        console.log(`killed after ${milliseconds} ms: ${running.join(", ")}`);
      }
      await stack.up();
      await cluster.settled();
      for (const id of await cluster.etcdClusterIds()) ids.add(id);
      assert.equal(ids.size, 1, `etcd cluster ids: ${[...ids].join(", ")}`);
      const { members } = JSON.parse(await cluster.etcdctl("member list -w json"));
      assert.equal(members.length, 3);
      await assertNothingRuns(scenario);
    });

    test("destroy is killed in the middle, then finishes and leaves nothing", async () => {
      await stack.engine("destroy", [], { started: (pid) => setTimeout(() => killGroup(pid), 3000).unref() });
      await stack.destroy();
      assert.deepEqual(stack.resources(), []);
    });

    test("up with one command at a time finishes", async () => {
      await stack.up(["--parallel", "1"]);
      await cluster.settled();
      for (const id of await cluster.etcdClusterIds()) assert.ok(!ids.has(id), "another cluster, another id");
    });
  },
  { up: false },
);
