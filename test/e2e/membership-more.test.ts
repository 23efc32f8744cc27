// more joining and leaving, on existing hosts: a pool, a balancer, etcd 3 to 5 to 3, reinstalled, re-addressed and lost hosts

import assert from "node:assert/strict";
import { test } from "node:test";
import { TestCluster } from "../harness/cluster.ts";
import { Edited, healthyMembers, nodeNames } from "../harness/edits.ts";
import { FreshHosts } from "../harness/fresh.ts";
import { cutPower } from "../harness/lab-faults.ts";
import { type Lab, reinstallHost } from "../harness/lab-hosts.ts";
import { makeMetal, onMetal } from "../harness/metal.ts";
import { addressIn, type ClusterConfig, hostAt } from "../harness/samples.ts";
import { onCluster } from "../harness/scenario.ts";
import { startWhereAmI } from "../harness/workload.ts";

const config = await onMetal("test-members-more");
const host = (last: number, ...roles: string[]) => hostAt(config, last, ...roles);
// Hosts that join later.
const later: ClusterConfig["hosts"] = {
  d1: { ...host(41, "worker"), pool: "disks" },
  b1: host(51, "balancer"),
  e4: host(34, "etcd"),
  e5: host(35, "etcd"),
  w3: host(23, "worker"),
};
const all = new TestCluster({ ...config, hosts: { ...config.hosts, ...later } });
const fresh = new FreshHosts();
let lab: Lab;

onCluster(
  config,
  (scenario) => {
    const edited = new Edited(scenario);
    const without = (...names: string[]) => {
      return ({ hosts }: ClusterConfig) => {
        for (const name of names) delete hosts[name];
      };
    };
    const withLater = (...names: string[]) => {
      return ({ hosts }: ClusterConfig) => {
        for (const name of names) hosts[name] = later[name] as ClusterConfig["hosts"][string];
      };
    };

    test("a healthy cluster with a workload", async () => {
      await scenario.cluster.settled();
      await startWhereAmI(scenario.cluster);
    });

    test("a new pool with a worker, and a balancer: commands run elsewhere only on balancers and for the worker's credential", async () => {
      const { cluster, report, ran } = await edited.up("pool disks with worker d1, balancer b1", (config) => {
        Object.assign(config.pools as object, { disks: { labels: { "example.com/disk": "ssd" } } });
        withLater("d1", "b1")(config);
      });
      assert.deepEqual(report.fresh.failed, []);
      assert.deepEqual(ran, ["b1", "d1", "m1", "m2", "m3"]);
      assert.equal((await cluster.get("node d1")).metadata.labels?.["example.com/disk"], "ssd");
      await cluster.host("b1").sh("curl -sf --max-time 5 http://127.0.0.1:8404/health && systemctl is-active keepalived");
      await cluster.settled();
    });

    test("etcd grows from 3 to 5 members: both are learners first; control planes change, workers don't", async () => {
      const { cluster, report, ran, text } = await edited.up("etcd 3 to 5", withLater("e4", "e5"));
      assert.deepEqual(report.fresh.failed, []);
      assert.deepEqual(ran, ["e4", "e5", "m1", "m2", "m3"]);
      for (const name of ["e4", "e5"]) assert.match(text, new RegExp(`etcd on ${name}: .*joined etcd`));
      assert.deepEqual(await healthyMembers(cluster), ["e4", "e5", "m1", "m2", "m3"]);
    });

    test("a reinstalled control plane with its member and a reinstalled worker join again under their names", async () => {
      const before = (await edited.cluster.get("node m3")).status.nodeInfo.machineID;
      for (const name of ["m3", "w2"]) {
        await cutPower(scenario.config.name, name);
        await reinstallHost(lab, name);
      }
      await fresh.remember([all.host("m3"), all.host("w2")]);
      const { cluster, ran } = await edited.up("m3 and w2 reinstalled", ({ hosts }) => {
        for (const name of ["m3", "w2"]) Object.assign(hosts[name] as object, { incarnation: 2 });
      });
      assert.deepEqual(ran, ["m1", "m3", "w2"]);
      assert.deepEqual(await healthyMembers(cluster), ["e4", "e5", "m1", "m2", "m3"]);
      await cluster.settled();
      assert.notEqual((await cluster.get("node m3")).status.nodeInfo.machineID, before);
    });

    test("etcd shrinks from 5 to 3 members, and a balancer leaves: the removed hosts are restored", async () => {
      const { cluster, report, ran } = await edited.up("etcd 5 to 3, balancer b1 removed", without("e4", "e5", "b1"));
      assert.deepEqual(report.fresh.failed, []);
      assert.deepEqual(ran, ["b1", "e4", "e5", "m1", "m2", "m3"]);
      assert.deepEqual(await healthyMembers(cluster), ["m1", "m2", "m3"]);
      await fresh.assertClean(all.host("b1"), all.host("e4"), all.host("e5"));
    });

    test("another address for a host is refused with the steps to take; these steps work", async () => {
      const { stack } = scenario;
      const moved = structuredClone(edited.config);
      Object.assign(moved.hosts.w1 as object, { address: addressIn(config, 29) });
      stack.configure(moved);
      const { status, text } = await stack.engine("preview");
      assert.notEqual(status, 0);
      assert.match(text, /give w1 its old address and lost: true, and add a host at the new address under another name/);
      await cutPower(scenario.config.name, "w1");
      const { cluster, report, ran } = await edited.up(
        "w1 lost, w3 at the new address",
        (config) => {
          Object.assign(config.hosts.w1 as object, { lost: true });
          withLater("w3")(config);
        },
        ["w1"],
      );
      assert.deepEqual(report.fresh.failed, []);
      assert.deepEqual(ran, ["m1", "m2", "m3", "w3"]);
      assert.deepEqual(await nodeNames(cluster), ["d1", "m1", "m2", "m3", "w2", "w3"]);
      assert.equal((await cluster.etcdClusterIds()).size, 1);
    });

    test("a control plane is lost before the end of the cluster: lost, up and destroy restore the others", async () => {
      await cutPower(scenario.config.name, "m2");
      const { cluster } = await edited.up(
        "m2 lost",
        ({ hosts }) => {
          Object.assign(hosts.m2 as object, { lost: true });
        },
        ["m2", "w1"],
      );
      assert.deepEqual(await healthyMembers(cluster), ["m1", "m3"]);
      await scenario.stack.destroy();
      await fresh.assertClean(...["m1", "m3", "d1", "w2", "w3"].map((name) => all.host(name)));
      assert.deepEqual(scenario.stack.resources(), []);
    });
  },
  {
    prepare: async (scenario) => {
      lab = await makeMetal(scenario, later);
      await fresh.remember(all.hosts.values());
    },
  },
);
