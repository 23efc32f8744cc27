// up is killed at random points of changes, HA_KUBERNETES_KILLS times (by default 8): the next up converges each time
import assert from "node:assert/strict";
import { test } from "node:test";
import { TestCluster } from "../support/cluster.ts";
import { healthyMembers, nodeNames } from "../support/edits.ts";
import { killedUp, randomFrom } from "../support/kills.ts";
import { assertNothingRuns, onCluster } from "../support/scenario.ts";
import { type ClusterConfig, threePlusTwo } from "../support/stack.ts";

// 20 of them take half an hour: more than a group may. HA_KUBERNETES_SEED chooses other points than the usual ones.
const kills = Number(process.env.HA_KUBERNETES_KILLS ?? 8);
const seed = Number(process.env.HA_KUBERNETES_SEED ?? 1);

interface Change {
  name: string;
  edit: (hosts: ClusterConfig["hosts"]) => void;
  /** How long `up` is expected to take, to begin with; then as long as it last did. */
  seconds: number;
}

const at = (last: number) => `10.79.15.${last}`;
const everything = (last: number) => ({ address: at(last), roles: ["etcd", "balancer", "control-plane"] });
const replace = (old: string, name: string, last: number): Change => ({
  name: `${old} replaced by ${name}`,
  edit: (hosts) => {
    delete hosts[old];
    hosts[name] = everything(last);
  },
  seconds: 100,
});

onCluster(threePlusTwo("test-kills", 15), (scenario) => {
  const { stack } = scenario;
  const random = randomFrom(seed);
  let config = scenario.config;

  // Each undoes the one before, so that they can go round.
  const changes: Change[] = [
    {
      name: "worker w3 added",
      edit: (hosts) => {
        hosts.w3 = { address: at(23), roles: ["worker"], pool: "general" };
      },
      seconds: 15,
    },
    replace("m1", "m4", 14),
    {
      name: "worker w3 removed",
      edit: (hosts) => {
        delete hosts.w3;
      },
      seconds: 15,
    },
    replace("m4", "m1", 11),
  ];

  test(`after each of ${kills} kills the next up converges, and it is the same etcd cluster`, async () => {
    await scenario.cluster.settled();
    const [id] = await scenario.cluster.etcdClusterIds();
    console.log(`seed ${seed}`);
    let done = 0;
    for (let round = 0; done < kills; round++) {
      assert.ok(round < 2 * kills, `only ${done} of ${round} runs were killed before they ended`);
      const change = changes[round % changes.length] as Change;
      config = structuredClone(config);
      change.edit(config.hosts);
      stack.configure(config);
      const after = Math.round(random() * change.seconds * 1000);
      const { killed, running, text } = await killedUp(stack, after);
      if (!killed) {
        console.log(`${change.name}: ended before it was to be killed after ${after} ms\n${text.slice(-300)}`);
        change.seconds *= 0.7;
        continue;
      }
      done++;
      const started = Date.now();
      await stack.up();
      const rest = Date.now() - started;
      console.log(
        `kill ${done}: ${change.name}, after ${after} ms: ${running.join(", ") || "nothing"}; the next up took ${rest} ms`,
      );
      change.seconds = Math.max(2, (after + rest) / 1000 - 5); // the second run began anew: about 5 s without a command
      await assertConverged(new TestCluster(config), id);
    }
  });

  test("in the end everything runs, and another up runs nothing", async () => {
    const cluster = new TestCluster(config);
    await cluster.settled();
    await assertNothingRuns({ ...scenario, cluster });
  });
});

async function assertConverged(cluster: TestCluster, id: string | undefined): Promise<void> {
  await cluster.nodesReady();
  assert.deepEqual(await nodeNames(cluster), [...cluster.hosts.keys()].sort());
  const members = cluster.withRole("etcd").map(({ name }) => name);
  assert.deepEqual(await healthyMembers(cluster), members.sort());
  assert.deepEqual([...(await cluster.etcdClusterIds())], [id]);
}
