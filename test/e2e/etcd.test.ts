// etcd on its own hosts: a member without data, a removal and a destroy without a quorum

import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestCluster } from "../harness/cluster.ts";
import { healthyMembers } from "../harness/edits.ts";
import { FreshHosts } from "../harness/fresh.ts";
import { makeMetal, onMetal } from "../harness/metal.ts";
import { hostAt } from "../harness/samples.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { stageCommands } from "../harness/stages.ts";

const config = await onMetal("test-etcd");
const host = (last: number, ...roles: string[]) => hostAt(config, last, ...roles);
config.hosts = {
  ...Object.fromEntries([1, 2, 3].map((n) => [`e${n}`, host(30 + n, "etcd")])),
  ...Object.fromEntries([1, 2, 3].map((n) => [`m${n}`, host(10 + n, "balancer", "control-plane")])),
  w1: host(21, "worker"),
};
const fresh = new FreshHosts();

onCluster(
  config,
  (scenario) => {
    const { stack, cluster } = scenario;
    const e1 = cluster.host("e1");
    const stage = async (name: string) => {
      const found = (await stageCommands(stack)).find((it) => it.stage === name && it.host === "e1");
      assert.ok(found, `the state has ${name} on e1`);
      return found;
    };
    const stopTheOthers = () => Promise.all(["e2", "e3"].map((name) => cluster.host(name).sh("systemctl stop etcd")));
    let id: string;

    test("the cluster is healthy, and another up runs nothing", async () => {
      await cluster.settled();
      assert.deepEqual(await healthyMembers(cluster), ["e1", "e2", "e3"]);
      id = await onlyClusterId(cluster);
      await assertNothingRuns(scenario);
    });

    test("a member without data starts no new cluster while the others are down, neither by its unit nor by its stage", async () => {
      await stopTheOthers();
      await e1.sh("systemctl stop etcd && rm -rf /var/lib/etcd/member");
      assert.notEqual((await e1.trySh("systemctl start etcd")).status, 0, "systemd finds neither data nor a birth");
      const { create, stdin } = await stage("etcd");
      assert.match(create, /BIRTH_BOOTSTRAP=yes/, "it is even told what the first run was told");
      const { status, stderr } = await e1.trySh(create, stdin);
      assert.notEqual(status, 0);
      assert.match(stderr, /a quorum of the other etcd members to answer/);
      assert.notEqual((await e1.trySh("test -e /var/lib/etcd/member || systemctl is-active etcd")).status, 0);
    });

    test("once the others are back, it joins them as a new member of the same cluster", async () => {
      await cluster.host("e2").sh("systemctl start --no-block etcd");
      await cluster.host("e3").sh("systemctl start etcd");
      const before = await memberId(cluster, "e1");
      stack.configure({ ...config, repair: "e1 lost its data" });
      await stack.up();
      assert.deepEqual(await healthyMembers(cluster), ["e1", "e2", "e3"]);
      assert.equal(await onlyClusterId(cluster), id);
      assert.notEqual(await memberId(cluster, "e1"), before);
      await cluster.settled();
    });

    test("without a quorum the host refuses to remove a member, and the member stays", async () => {
      await stopTheOthers();
      const { status, stderr } = await e1.trySh((await stage("etcd")).undo);
      assert.notEqual(status, 0);
      assert.match(stderr, /etcd has no quorum, so this host can't leave in order/);
      await e1.sh("test -d /var/lib/etcd/member && test -f /etc/etcd/etcd.env");
    });

    test("destroy without a quorum restores every host", async () => {
      // After its restart it answers nobody, not even reads of its own data.
      await e1.sh("systemctl restart --no-block etcd");
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

async function onlyClusterId(cluster: TestCluster): Promise<string> {
  const ids = [...(await cluster.etcdClusterIds())];
  assert.equal(ids.length, 1, `cluster ids: ${ids.join(", ")}`);
  return ids[0] as string;
}

/** In hexadecimal, as etcdctl prints it. */
async function memberId(cluster: TestCluster, name: string): Promise<string> {
  const line = (await cluster.etcdctl("member list")).split("\n").find((it) => it.includes(` ${name},`));
  assert.ok(line, `etcd lists ${name}`);
  return line.split(",")[0] as string;
}
