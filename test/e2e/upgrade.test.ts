// a minor upgrade of all parts rolls through a healthy cluster while requests go on; a roll that fails stops; a birth of the newest

import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { resolveVersions } from "../../artifacts/lock.ts";
import { Edited, healthyMembers } from "../harness/edits.ts";
import type { LabHost } from "../harness/lab.ts";
import { Probe, summary } from "../harness/probe.ts";
import { eventually } from "../harness/process.ts";
import { type RollReport, RollWatch } from "../harness/roll.ts";
import { everyRole, hostAt } from "../harness/samples.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { threePlusTwo } from "../harness/stack.ts";
import { apiserverVersions, assertVersions, kubeletVersions, runtimeVersions, startsOf } from "../harness/versions.ts";
import { startGuarded, startWhereAmI } from "../harness/workload.ts";

// Building a Kubernetes version that the bundle lacks takes minutes, so by default one minor upgrade runs. With
// HA_KUBERNETES_UPGRADE_FROM=1.35.4 another one precedes it, with 1.34.4 two in one `up`.
const from = process.env.HA_KUBERNETES_UPGRADE_FROM ?? "1.36.3";
const between = "1.36.3";
const target = resolveVersions({ kubernetesVersion: "1.37.2", versions: {} }).versions;
const before = resolveVersions({ kubernetesVersion: from, versions: {} }).versions;
const snapshots = "/var/backups/ha-kubernetes";
const brokenKubelet = "/etc/systemd/system/kubelet.service.d/broken.conf";

const config = {
  ...(await threePlusTwo("test-upgrade")),
  kubernetesVersion: from,
  upgradePath: "auto",
  // An upgrade takes a snapshot nevertheless.
  etcd: { backup: { enabled: false } },
  // The first worker is upgraded alone nevertheless.
  pools: { general: { maxUnavailable: 2 } },
};

onCluster(config, (scenario) => {
  const { stack, cluster } = scenario;
  const edited = new Edited(scenario);
  const controlPlanes = cluster.withRole("control-plane");
  const workers = cluster.withRole("worker");
  const everybody = [...cluster.hosts.keys()].sort();
  let upgrades = 0;

  /** The containers of the workload, by their ids. */
  const containers = async () => {
    const pods = await cluster.list("pods -n default");
    return pods.flatMap(({ status }) => status.containerStatuses.map((it: { containerID: string }) => it.containerID)).sort();
  };
  /** The versions of CoreDNS and flannel, one of each where all pods agree. */
  const addonVersions = async () => {
    const pods = [
      ...(await cluster.list("pods -n kube-system -l k8s-app=kube-dns")),
      ...(await cluster.list("pods -n kube-flannel")),
    ];
    return [...new Set(pods.map(({ spec }) => spec.containers[0].image.split(":v").at(-1)))];
  };
  /** Every etcd host has one snapshot for each upgrade so far, taken before its etcd was last started. */
  async function assertSnapshots(etcdRestarted: boolean): Promise<void> {
    for (const host of controlPlanes) {
      const taken = (await host.sh(`sed -n s/^taken=//p ${snapshots}/*.facts | sort -n`)).trim().split("\n").map(Number);
      assert.equal(taken.length, upgrades, `snapshots on ${host.name}`);
      const { etcd, apiserver } = await startsOf(host);
      assert.ok((taken.at(-1) as number) <= apiserver, `the snapshot on ${host.name} is older than its apiserver`);
      if (etcdRestarted) assert.ok((taken.at(-1) as number) <= etcd, `the snapshot on ${host.name} is older than its etcd`);
    }
  }

  async function watched<T>(action: () => Promise<T>): Promise<{ result: T; roll: RollReport }> {
    const watch = new RollWatch(await stack.output("kubeconfig"), cluster);
    try {
      const result = await action();
      return { result, roll: await watch.stop() };
    } finally {
      await watch.stop();
    }
  }

  test("a healthy cluster with a workload and a disruption budget", async () => {
    await cluster.settled();
    await startWhereAmI(cluster);
    await startGuarded(cluster);
    await assertVersions(cluster, from, before.etcd);
    assert.deepEqual(await runtimeVersions(cluster), new Set([`containerd://${before.containerd}`]));
    assert.deepEqual(await addonVersions(), [before.coredns, before.flannel]);
  });

  test("preview shows the old and new versions for each host, and runs nothing", async () => {
    const to = from === between ? target.kubernetes : between;
    stack.configure({ ...edited.config, kubernetesVersion: to });
    const { status, text } = await stack.engine("preview");
    assert.equal(status, 0, text);
    // The CLI shows each resource that changes with its name, then what changes in its texts.
    const changeOf = (command: string) => text.split("[urn=").find((part) => part.split("]")[0]?.endsWith(`::${command}`)) ?? "";
    const changed = (part: string, was: string, will: string) =>
      new RegExp(
        `- # version ${part} ${was.replaceAll(".", "\\.")}\\n\\s*\\+ # version ${part} ${will.replaceAll(".", "\\.")}\\n`,
      );
    for (const { name } of controlPlanes) {
      assert.match(changeOf(`control-plane-${name}`), changed("kubernetes", from, to));
      if (to === target.kubernetes) assert.match(changeOf(`etcd-${name}`), changed("etcd", before.etcd, target.etcd));
    }
    for (const { name } of workers) assert.match(changeOf(`worker-${name}`), changed("kubernetes", from, to));
    stack.configure(edited.config);
  });

  test("a downgrade, and an upgrade together with a replacement, are refused before anything is touched", async () => {
    const older = from === "1.34.4" ? undefined : from === "1.35.4" ? "1.34.4" : "1.35.4";
    const { m1: _, ...hosts } = edited.config.hosts;
    const m4 = hostAt(config, 14, ...everyRole);
    const edits = [
      ...(older ? [{ edit: { kubernetesVersion: older }, says: /put it back/ }] : []),
      {
        edit: { kubernetesVersion: between === from ? target.kubernetes : between, hosts: { ...hosts, m4 } },
        says: /while hosts come or go: m1, m4/,
      },
    ];
    for (const { edit, says } of edits) {
      stack.configure({ ...edited.config, ...edit } as never);
      const { status, text } = await stack.engine("preview");
      assert.notEqual(status, 0, text);
      assert.match(text, says);
      assert.match(text, /nothing was touched/);
    }
    stack.configure(edited.config);
  });

  if (from !== between) {
    test(`${from} becomes ${between}: nodes are drained one at a time and return, and no request fails`, async () => {
      const { result, roll } = await watched(() =>
        edited.up(`${from} to ${between}`, (config) => {
          config.kubernetesVersion = between;
        }),
      );
      upgrades++;
      console.log(roll);
      assert.deepEqual(result.report.fresh.failed, []);
      assert.deepEqual(result.ran, everybody);
      assert.equal(roll.mostAway, 1);
      assert.ok(roll.fewestGuarded >= 1, "the budget was kept");
      assert.equal(roll.mostCordoned, 1);
      await assertVersions(cluster, between, before.etcd);
      await assertSnapshots(false);
      for (const { spec, metadata } of await cluster.list("nodes")) assert.equal(spec.unschedulable, undefined, metadata.name);
    });
  }

  test("one host lacks a file: only the container runtime changes on the others, and containers keep running", async () => {
    const [serving, running] = await Promise.all([apiserverVersions(controlPlanes), containers()]);
    const w2 = cluster.host("w2");
    await w2.sh("mount -t tmpfs tmpfs /var/cache/ha-kubernetes/bundle");
    stack.configure({ ...edited.config, kubernetesVersion: target.kubernetes });
    const { status, text } = await stack.engine("up");
    assert.notEqual(status, 0, text);
    assert.match(text, /prepare on w2: \S+containerd-\S+ is missing on this host/);
    assert.deepEqual(await apiserverVersions(controlPlanes), serving);
    assert.ok(Object.values(await kubeletVersions(cluster)).every((version) => version === `v${between}`));
    assert.deepEqual(await containers(), running);
    await w2.sh("umount /var/cache/ha-kubernetes/bundle");
  });

  test("a roll that fails on one control plane stops there and says so; workers do not start, and no request fails", async () => {
    const m2 = cluster.host("m2");
    await m2.sh(
      `mkdir -p ${brokenKubelet.replace(/\/[^/]*$/, "")}; printf '[Service]\\nExecStartPre=/bin/false\\n' >${brokenKubelet}`,
    );
    const probe = new Probe(await stack.output("kubeconfig"));
    const { result, roll } = await watched(() => stack.engine("up"));
    const report = await probe.stop();
    await m2.sh(`rm -r ${brokenKubelet.replace(/\/[^/]*$/, "")}; systemctl daemon-reload`);
    console.log(`failed roll:\n${summary(report)}\n`, roll);
    assert.notEqual(result.status, 0, result.text);
    assert.match(result.text, /ERROR: control-plane on m2: kubelet does not start/);
    assert.deepEqual(report.fresh.failed, []);
    assert.deepEqual(report.lost, []);
    const now = await kubeletVersions(cluster);
    for (const { name } of workers) assert.equal(now[name], `v${between}`);
    // Hosts before m2 are done, hosts after it refused.
    const isDone = ({ name }: LabHost) => name !== "m2" && now[name] === `v${target.kubernetes}`;
    const done = controlPlanes.filter(isDone).map(({ name }) => name);
    const refused = controlPlanes.filter(({ name }) =>
      new RegExp(`control-plane on ${name}: not started, because the same roll failed`).test(result.text),
    );
    assert.deepEqual([...done, "m2", ...refused.map(({ name }) => name)].sort(), ["m1", "m2", "m3"]);
    assert.equal(roll.mostAway, 1);
  });

  test("the next up continues: etcd, control planes one by one, the canary worker, the other worker", async () => {
    const { result, roll } = await watched(() =>
      edited.up(`${between} to ${target.kubernetes}, etcd to ${target.etcd}, resumed`, (config) => {
        config.kubernetesVersion = target.kubernetes;
      }),
    );
    upgrades++;
    console.log(roll);
    assert.deepEqual(result.report.fresh.failed, []);
    assert.ok(roll.mostAway <= 1);
    assert.ok(roll.fewestGuarded >= 1, "the budget was kept");
    await assertVersions(cluster, target.kubernetes, target.etcd);
    assert.deepEqual(await runtimeVersions(cluster), new Set([`containerd://${target.containerd}`]));
    await eventually("the add-ons to have their new versions", 180, async () =>
      isDeepStrictEqual(await addonVersions(), [target.coredns, target.flannel]),
    );
    const turns = (await cluster.list("configmaps -n ha-kubernetes-turns")).map(({ metadata }) => metadata.name);
    assert.ok(turns.includes("done-general-containerd"), "the workers' containerd, too, changed in turns");
    await assertSnapshots(true);
    const ofControlPlanes = await Promise.all(controlPlanes.map(startsOf));
    const ofWorkers = (await Promise.all(workers.map(startsOf))).map(({ kubelet }) => kubelet).sort((a, b) => a - b);
    const last = (times: number[]) => Math.max(...times);
    const first = (times: number[]) => Math.min(...times);
    assert.ok(
      last(ofControlPlanes.map(({ etcd }) => etcd)) <= first(ofControlPlanes.map(({ apiserver }) => apiserver)),
      "etcd first",
    );
    assert.ok(last(ofControlPlanes.map(({ apiserver }) => apiserver)) <= (ofWorkers[0] as number), "then control planes");
    const { data, metadata } = await cluster.get("configmap done-general-version -n ha-kubernetes-turns");
    assert.equal(data.roll, target.kubernetes);
    const canaryDone = Date.parse(String(metadata.creationTimestamp)) / 1000;
    assert.ok(
      (ofWorkers[0] as number) - 1 <= canaryDone && canaryDone <= (ofWorkers[1] as number),
      "then one worker, then the other",
    );
  });

  test("the etcd cluster is the same throughout, and another up runs nothing", async () => {
    assert.equal((await cluster.etcdClusterIds()).size, 1);
    assert.deepEqual(await healthyMembers(cluster), ["m1", "m2", "m3"]);
    await assertNothingRuns(scenario);
  });
});

const newest = {
  ...(await threePlusTwo("test-newest")),
  kubernetesVersion: target.kubernetes,
  // Newer than the recommended ones.
  versions: { containerd: "2.4.2", cniPlugins: "1.10.0" },
};

onCluster(newest, (scenario) => {
  const { cluster } = scenario;

  test("a cluster is born with the newest versions, serves its pods, and another up runs nothing", async () => {
    await assertVersions(cluster, target.kubernetes, target.etcd);
    assert.deepEqual(await runtimeVersions(cluster), new Set(["containerd://2.4.2"]));
    await startWhereAmI(cluster);
    await assertNothingRuns(scenario);
  });
});
