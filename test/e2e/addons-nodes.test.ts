// the set's add-ons for nodes: a DNS cache on every node answers, is passed by while it hangs, comes and goes without a lost look-up; snapshots

import assert from "node:assert/strict";
import { test } from "node:test";
import { addonObjects } from "../../addons/addon.ts";
import { setAddonsOf } from "../../addons/set/registry.ts";
import { resolveVersions } from "../../artifacts/lock.ts";
import { fillBundle } from "../harness/bundle.ts";
import { isReady, type KubernetesObject } from "../harness/cluster.ts";
import { ask, lost } from "../harness/dns.ts";
import { eventually } from "../harness/process.ts";
import { clusterFrom, type Written } from "../harness/samples.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { threePlusTwo } from "../harness/stack.ts";

const config: Written = await threePlusTwo("test-addons-nodes");
const { m1, w1 } = config.hosts;
config.hosts = { m1, w1 };
config.etcd = { throwAway: true };

const locked = ["snapshot-controller", "volume-snapshot-classes", "volume-snapshot-contents", "volume-snapshots"];
const NAME = "kubernetes.default.svc.cluster.local";

onCluster(config, (scenario) => {
  const { stack, cluster } = scenario;
  const names = async (what: string) => (await cluster.kubectl(`get ${what} -o name`)).trim().split("\n").filter(Boolean);
  const server = async () => (await cluster.get("service kube-dns -n kube-system")).spec.clusterIP as string;
  const caches = () => cluster.list("pods -n kube-system -l ha-kubernetes/dns=cache");
  /** How many look-ups each cache has answered, by node. */
  const answered = async (): Promise<Record<string, number>> => {
    const counts = (await caches()).map(async ({ spec, status }) => {
      const text = await cluster.host("w1").sh(`curl -s --max-time 5 http://${status.podIP}:9153/metrics`);
      const counted = [...text.matchAll(/^coredns_dns_requests_total\{.*\} (\S+)$/gm)].map(([, value]) => Number(value));
      return [spec.nodeName, counted.reduce((sum, value) => sum + value, 0)] as const;
    });
    return Object.fromEntries(await Promise.all(counts));
  };
  /** Runs look-ups on a host all the time while something else is done; returns how many there were and how many had no answer. */
  const meanwhile = async (name: string, work: () => Promise<unknown>) => {
    const host = cluster.host(name);
    const address = await server();
    const script = `${ask(address, NAME)}
        all=0 lost=0; while [ ! -e /run/stop-asking ]; do all=$((all + 1)); ask || lost=$((lost + 1)); sleep 0.1; done; echo $all $lost`;
    await host.sh("rm -f /run/stop-asking");
    const asking = host.sh(script);
    try {
      await work();
    } finally {
      await host.sh("touch /run/stop-asking");
    }
    const [all = 0, none = 0] = (await asking).trim().split(" ").map(Number);
    return { all, none };
  };

  test("the cache comes to every node with no look-up lost, and a second up runs nothing", async () => {
    // At a birth `up` does not wait for CoreDNS.
    await cluster.settled();
    config.addons = { nodeLocalDns: {} };
    stack.configure(config);
    const { all, none } = await meanwhile("w1", () => stack.up());
    console.log(`${all} look-ups on w1 while the caches came, ${none} without an answer`);
    assert.equal(none, 0);
    const pods = await caches();
    assert.deepEqual(
      pods
        .filter(isReady)
        .map(({ spec }) => spec.nodeName)
        .sort(),
      ["m1", "w1"],
    );
    await cluster.settled();
    await assertNothingRuns(scenario);
  });

  test("look-ups of a node go to its own cache and to no other", async () => {
    const before = await answered();
    assert.equal(await lost(cluster.host("w1"), await server(), NAME, 60), 0);
    const after = await answered();
    const more = Object.fromEntries(Object.keys(after).map((node) => [node, (after[node] ?? 0) - (before[node] ?? 0)]));
    // Where CoreDNS itself is on that node, it has its part of them.
    assert.ok((more.w1 ?? 0) >= 10, JSON.stringify(more));
    assert.equal(more.m1, 0);
  });

  test("while a node's cache hangs its look-ups are answered elsewhere", async () => {
    const [pod] = (await caches()).filter(({ spec }) => spec.nodeName === "w1");
    assert.ok(pod);
    const w1 = cluster.host("w1");
    const id = pod.status.containerStatuses[0].containerID.replace("containerd://", "");
    const signal = (name: string) => w1.sh(`kill -${name} $(ctr -n k8s.io tasks list | awk '$1 == "${id}" {print $2}')`);
    await signal("STOP");
    const started = Date.now();
    try {
      await eventually("60 look-ups with an answer", 60, async () => (await lost(w1, await server(), NAME, 60)) === 0);
      console.log(`look-ups of a node whose cache hangs are answered after ${((Date.now() - started) / 1000).toFixed(1)} s`);
    } finally {
      await signal("CONT");
    }
    await eventually("the cache to be ready again", 120, async () => (await caches()).every(isReady));
  });

  test("the API takes every object of the add-ons whose images can't be had here, with no field unknown", async () => {
    const unseen = {
      nfs: {
        classes: { files: { server: "10.0.0.9", share: "/srv" } },
        volumes: { one: { server: "10.0.0.9", share: "/srv" } },
      },
      ...{ nodeProblemDetector: true, headlamp: {} },
    };
    const other = clusterFrom({ ...config, addons: unseen });
    const args = { cluster: other, versions: resolveVersions(other).versions, apiUrl: "https://api.internal:8443" };
    const objects = setAddonsOf(other).flatMap((it) => addonObjects(it, args) ?? []);
    assert.ok(objects.length > 20);
    await cluster.kubectl("create namespace headlamp");
    const text = objects.map((object) => JSON.stringify(object)).join("\n---\n");
    const said = await cluster.kubectl("apply --server-side --force-conflicts --dry-run=server --validate=strict -f -", text);
    assert.equal(said.trim().split("\n").length, objects.length);
    await cluster.kubectl("delete namespace headlamp");
  });

  test("turning the caches off takes all they made, with no look-up lost", async () => {
    config.addons = {};
    stack.configure(config);
    const { all, none } = await meanwhile("w1", () => stack.up());
    console.log(`${all} look-ups on w1 while the caches went, ${none} without an answer`);
    assert.equal(none, 0);
    assert.deepEqual(await caches(), []);
    const left = await names("daemonset,deployment,service,configmap,serviceaccount -n kube-system");
    assert.deepEqual(
      left.filter((name) => /node-local|upstream/.test(name)),
      [],
    );
    assert.equal((await cluster.get("service kube-dns -n kube-system")).spec.trafficDistribution, undefined);
    await cluster.settled();
    await assertNothingRuns(scenario);
  });

  test("the snapshot controller answers a snapshot of a claim that is missing, and turned off goes with its kinds", async () => {
    // A preview reads the kinds from this machine's bundle.
    await fillBundle(config.kubernetesVersion, [`addons/lock.json#${locked.join(",")}`]);
    config.addons = { snapshots: true };
    stack.configure(config);
    await stack.up();
    const kinds = await names("crd");
    assert.equal(kinds.filter((name) => name.endsWith(".snapshot.storage.k8s.io")).length, 3);
    const { spec, status } = await cluster.get("deployment snapshot-controller -n kube-system");
    assert.deepEqual([spec.replicas, status.readyReplicas], [2, 2]);
    await cluster.apply(`
apiVersion: snapshot.storage.k8s.io/v1
kind: VolumeSnapshotClass
metadata: { name: none }
driver: none.example.com
deletionPolicy: Delete
---
apiVersion: snapshot.storage.k8s.io/v1
kind: VolumeSnapshot
metadata: { name: one, namespace: default }
spec: { volumeSnapshotClassName: none, source: { persistentVolumeClaimName: nothing } }
`);
    await eventually("the controller to say what is wrong", 120, async () => {
      const snapshot: KubernetesObject = await cluster.get("volumesnapshot one -n default");
      return /cannot get claim from snapshot/.test(snapshot.status?.error?.message ?? "");
    });
    await cluster.kubectl("delete volumesnapshot one -n default");
    await cluster.kubectl("delete volumesnapshotclass none");
    config.addons = {};
    stack.configure(config);
    await stack.up();
    assert.deepEqual(
      (await names("deployment,serviceaccount -n kube-system")).filter((name) => /snapshot/.test(name)),
      [],
    );
    const wide = await names("crd,clusterrole,clusterrolebinding");
    assert.deepEqual(
      wide.filter((name) => /snapshot/.test(name)),
      [],
    );
  });
});
