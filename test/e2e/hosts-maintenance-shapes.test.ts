// maintenance of other shapes: etcd, control planes and balancers on hosts of their own, two control planes; a cluster of one node

import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestCluster } from "../harness/cluster.ts";
import { Probe, summary } from "../harness/probe.ts";
import { RollWatch } from "../harness/roll.ts";
import { everyRole, hostAt, labCluster } from "../harness/samples.ts";
import { assertNothingRuns, onCluster, type Scenario } from "../harness/scenario.ts";
import { takeSubnet } from "../harness/subnets.ts";

/** When each host was booted. The hosts of a lab have one clock for that: the machine's. */
const boots = async (cluster: TestCluster): Promise<Record<string, number>> =>
  Object.fromEntries(
    await Promise.all(
      [...cluster.hosts.values()].map(async (host) => [host.name, Number(await host.sh("cut -d' ' -f22 /proc/1/stat"))] as const),
    ),
  );

/** Sets a word and runs `up`; returns the hosts in the order of their boots. */
async function rebooted({ stack, cluster, config }: Scenario, id: string): Promise<string[]> {
  stack.configure({ ...config, maintenance: { id, packages: "none", reboot: "always", rebootTimeoutSeconds: 120 } });
  const before = await boots(cluster);
  await stack.up();
  const after = await boots(cluster);
  const names = Object.keys(after).filter((name) => after[name] !== before[name]);
  return names.sort((a, b) => (after[a] ?? 0) - (after[b] ?? 0));
}

const subnet = await takeSubnet();
const host = (place: number, ...roles: string[]) => hostAt(subnet, place, ...roles);
const apart = {
  ...labCluster("test-maintenance-apart", subnet, 0),
  hosts: {
    ...{ b1: host(11, "balancer"), b2: host(12, "balancer") },
    ...{ c1: host(13, "control-plane"), c2: host(14, "control-plane") },
    ...{ e1: host(15, "etcd"), e2: host(16, "etcd"), e3: host(17, "etcd"), w1: host(21, "worker") },
  },
};

onCluster(apart, (scenario) => {
  const { stack, cluster } = scenario;

  test("every host of its own kind reboots, one after another: etcd and control planes, balancers, workers", async () => {
    await cluster.settled();
    const kubeconfig = await stack.output("kubeconfig");
    const watch = new RollWatch(kubeconfig, cluster);
    const probe = new Probe(kubeconfig);
    const order = await rebooted(scenario, "first");
    const [report, requests] = await Promise.all([watch.stop(), probe.stop()]);
    console.log(summary(requests));
    assert.deepEqual(requests.lost, []);
    assert.deepEqual(order, ["c1", "c2", "e1", "e2", "e3", "b1", "b2", "w1"]);
    assert.deepEqual([report.mostAway, report.mostCordoned], [1, 1], JSON.stringify(report));
    await cluster.settled();
    await assertNothingRuns(scenario);
  });

  test("one command at a time is enough", async () => {
    stack.configure({ ...apart, maintenance: { id: "second", packages: "none", reboot: "if-needed" } });
    await cluster.host("w1").sh("touch /run/reboot-required");
    const before = await boots(cluster);
    await stack.up(["--parallel", "1"]);
    const after = await boots(cluster);
    assert.deepEqual(
      Object.keys(after).filter((name) => after[name] !== before[name]),
      ["w1"],
    );
    await assertNothingRuns(scenario);
  });
});

const single = await takeSubnet();
const alone = {
  ...labCluster("test-maintenance-alone", single, 0),
  etcd: { throwAway: true },
  hosts: { n1: hostAt(single, 11, ...everyRole, "worker") },
};

onCluster(alone, (scenario) => {
  const { stack, cluster } = scenario;

  test("a node that is the whole cluster reboots with its pods, and comes back", async () => {
    await cluster.settled();
    assert.deepEqual(await rebooted(scenario, "first"), ["n1"]);
    await cluster.settled();
    await assertNothingRuns(scenario);
  });

  test("a host that is added with the word only notes it", async () => {
    const hosts = { ...alone.hosts, w1: hostAt(single, 21, "worker") };
    stack.configure({
      ...alone,
      hosts,
      maintenance: { id: "first", packages: "none", reboot: "always", rebootTimeoutSeconds: 120 },
    });
    const before = await boots(cluster);
    await stack.up();
    assert.deepEqual(await boots(cluster), before);
    await cluster.kubectl("wait --for=condition=Ready node/w1 --timeout=60s");
  });
});
