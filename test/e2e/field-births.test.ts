// the first up is killed at ten steps: destroy restores the hosts each time, and another up makes a healthy cluster
import assert from "node:assert/strict";
import { test } from "node:test";
import { FreshHosts } from "../harness/fresh.ts";
import { killedAt, randomFrom } from "../harness/kills.ts";
import { makeMetal, onMetal } from "../harness/metal.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";

// HA_KUBERNETES_SEED chooses other points.
const random = randomFrom(Number(process.env.HA_KUBERNETES_SEED ?? 1));
/** The steps of a birth, in their order: each is cut off within this many seconds after it began on some host. */
const steps: readonly (readonly [step: string, seconds: number])[] = [
  ["prepare-", 4],
  ["etcd-m", 1],
  ["etcd-m", 4],
  ["control-plane-m", 2],
  ["control-plane-m", 8],
  ["join-w", 1],
  ["worker-w", 1],
  ["worker-w", 4],
  ["addons-m", 2],
  ["nodes-ready", 0],
];

const fresh = new FreshHosts();

onCluster(
  await onMetal("test-births"),
  (scenario) => {
    const { stack, cluster } = scenario;

    test("up is killed at ten steps, and destroy follows each time: the hosts are restored", async () => {
      for (const [step, seconds] of steps) {
        const milliseconds = Math.round(random() * seconds * 1000);
        const { killed, running, text } = await killedAt(stack, step, milliseconds);
        assert.ok(killed, `the birth was over before ${step} was cut off:\n${text.slice(-3000)}`);
        console.log(`${step} cut off after ${milliseconds} ms: ${running.filter((it) => it.includes("-")).join(", ")}`);
        const started = Date.now();
        await stack.destroy();
        console.log(`destroy took ${Date.now() - started} ms`);
        assert.deepEqual(stack.resources(), []);
        await fresh.assertClean(...cluster.hosts.values());
      }
    });

    test("up is killed in the first half and in the second half, then finishes: the cluster is healthy, and another up runs nothing", async () => {
      for (const step of ["etcd-m", "worker-w"]) {
        const { killed, running, text } = await killedAt(stack, step, 1000);
        assert.ok(killed, `the birth was over before ${step} was cut off:\n${text.slice(-3000)}`);
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
