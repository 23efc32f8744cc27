// existing hosts, reached by a user with sudo: destroy undoes everything in any state of the cluster, and up works again
import assert from "node:assert/strict";
import { test } from "node:test";
import { FreshHosts } from "../harness/fresh.ts";
import { cutNetwork, healNetwork } from "../harness/lab-faults.ts";
import { makeMetal, onMetal } from "../harness/metal.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { startWhereAmI } from "../harness/workload.ts";

const budget = `
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: whereami, namespace: default }
spec: { maxUnavailable: 0, selector: { matchLabels: { app: whereami } } }
`;

const fresh = new FreshHosts();

onCluster(
  await onMetal("test-metal"),
  (scenario) => {
    const { stack, cluster } = scenario;

    test("five nodes are Ready, and a second up runs nothing", async () => {
      await cluster.settled();
      await assertNothingRuns(scenario);
    });

    test("destroy restores the hosts although a PodDisruptionBudget allows no disruption", async () => {
      await startWhereAmI(cluster);
      await cluster.apply(budget);
      await stack.destroy();
      await fresh.assertClean(...cluster.hosts.values());
    });

    test("up works again on the same hosts; destroy works with etcd stopped on two of three", async () => {
      await stack.up();
      await cluster.settled();
      for (const name of ["m1", "m2"]) await cluster.host(name).sh("systemctl stop etcd");
      await stack.destroy();
      await fresh.assertClean(...cluster.hosts.values());
    });

    test("destroy names an unreachable host and the cure, undoes the others, and finishes once the host is back", async () => {
      await stack.up();
      await cluster.settled();
      await cutNetwork(scenario.config.name, "w2");
      const { status, text } = await stack.engine("destroy", []);
      assert.notEqual(status, 0);
      assert.match(text, /w2/);
      assert.match(text, /lost: true/);
      await fresh.assertClean(cluster.host("w1"));
      await healNetwork(scenario.config.name, "w2");
      await stack.destroy();
      await fresh.assertClean(...cluster.hosts.values());
      assert.deepEqual(stack.resources(), []);
    });
  },
  {
    prepare: async (scenario) => {
      await makeMetal(scenario);
      await fresh.remember(scenario.cluster.hosts.values());
    },
  },
);
