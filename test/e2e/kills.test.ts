// up is killed at random points of changes, HA_KUBERNETES_KILLS times (9 by default): the next up converges each time

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Generations } from "../../config/authorities.ts";
import { TestCluster } from "../harness/cluster.ts";
import { healthyMembers, nodeNames } from "../harness/edits.ts";
import { killedUp, randomFrom } from "../harness/kills.ts";
import { type ClusterConfig, everyRole, hostAt } from "../harness/samples.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { threePlusTwo } from "../harness/stack.ts";

// 9 kills cover each change once. HA_KUBERNETES_SEED chooses other points.
const kills = Number(process.env.HA_KUBERNETES_KILLS ?? 9);
const seed = Number(process.env.HA_KUBERNETES_SEED ?? 1);

interface Change {
  name: string;
  edit: (config: ClusterConfig) => void;
  /** The expected duration of `up`: an estimate first, then that of the last run. */
  seconds: number;
}

const replace = (old: string, name: string, last: number): Change => ({
  name: `${old} replaced by ${name}`,
  edit: ({ hosts }) => {
    delete hosts[old];
    hosts[name] = hostAt(initial, last, ...everyRole);
  },
  seconds: 100,
});

const initial: ClusterConfig = {
  ...(await threePlusTwo("test-kills")),
  kubernetesVersion: "1.36.3",
  versions: { etcd: "3.6.14" },
};
const upgrades: Change[] = [
  {
    name: "Kubernetes 1.36.3 becomes 1.37.2",
    edit: (config) => {
      config.kubernetesVersion = "1.37.2";
    },
    seconds: 120,
  },
  {
    name: "etcd 3.6.14 becomes 3.7.3",
    edit: (config) => {
      config.versions = { etcd: "3.7.3" };
    },
    seconds: 30,
  },
];

// Without the service-account key, whose old tokens would take an hour to expire.
const rotated = ["kubernetes", "etcd", "frontProxy"] as const;
const step = (which: string, seconds: number): Change => ({
  name: `authorities, ${which}`,
  edit: (config) => {
    const { authorities } = (config.certificates ?? {}) as { authorities?: Record<string, Generations> };
    const { trust, issue } = authorities?.kubernetes ?? { trust: [1], issue: 1 };
    const [first = 1, second = first + 1] = trust;
    const both = { trust: [first, second], issue: trust.length === 1 ? first : second };
    const next = issue === second ? { trust: [second], issue } : both;
    config.certificates = { authorities: Object.fromEntries(rotated.map((name) => [name, next])) };
  },
  seconds,
});

// Changes of membership and authorities form a circle: the first can follow the last.
const round: Change[] = [
  {
    name: "worker w3 added",
    edit: ({ hosts }) => {
      hosts.w3 = hostAt(initial, 23, "worker");
    },
    seconds: 15,
  },
  step("trust both", 100),
  replace("m1", "m4", 14),
  step("issue from the new", 60),
  {
    name: "worker w3 removed",
    edit: ({ hosts }) => {
      delete hosts.w3;
    },
    seconds: 15,
  },
  step("drop the old", 100),
  replace("m4", "m1", 11),
];

onCluster(initial, (scenario) => {
  const { stack } = scenario;
  const random = randomFrom(seed);
  let config = scenario.config;

  test(`the next up converges after each of ${kills} kills, with the same etcd cluster`, async () => {
    await scenario.cluster.settled();
    const [id] = await scenario.cluster.etcdClusterIds();
    console.log(`seed ${seed}`);
    let done = 0;
    for (let turn = 0; done < kills; turn++) {
      assert.ok(turn < 2 * kills, `only ${done} of ${turn} runs were killed before they ended`);
      const change = upgrades[turn] ?? (round[(turn - upgrades.length) % round.length] as Change);
      config = structuredClone(config);
      change.edit(config);
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
      change.seconds = Math.max(2, (after + rest) / 1000 - 5); // the second run needs about 5 s before its first command
      await assertConverged(new TestCluster(config), id);
    }
  });

  test("everything runs in the end, and another up runs nothing", async () => {
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
