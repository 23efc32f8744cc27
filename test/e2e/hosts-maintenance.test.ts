// maintenance: hosts are patched and rebooted one after another; one that does not come back stops it, and the next up goes on

import assert from "node:assert/strict";
import { test } from "node:test";
import { offerUpgrades, upgradesOn } from "../harness/debs.ts";
import type { LabHost } from "../harness/lab.ts";
import { start, stayOff } from "../harness/lab-faults.ts";
import { eventually } from "../harness/process.ts";
import { RollWatch } from "../harness/roll.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { threePlusTwo } from "../harness/stack.ts";
import { startGuarded } from "../harness/workload.ts";

/** When a host was booted. Other hosts of the lab share this machine's id of its boot. */
const bootOf = (host: LabHost) => host.sh("cut -d' ' -f22 /proc/1/stat");
const config = await threePlusTwo("test-hosts-maintenance");

onCluster(config, (scenario) => {
  const { stack, cluster } = scenario;
  const all = [...cluster.hosts.values()];
  const boots = async () => Object.fromEntries(await Promise.all(all.map(async (host) => [host.name, await bootOf(host)])));
  const rebooted = async (before: Record<string, string>) => {
    const now = await boots();
    return Object.keys(now).filter((name) => now[name] !== before[name]);
  };
  const cordoned = async () =>
    (await cluster.list("nodes")).filter(({ spec }) => spec.unschedulable).map(({ metadata }) => metadata.name);
  const maintain = (id: string, keys: object) =>
    stack.configure({ ...config, maintenance: { id, rebootTimeoutSeconds: 75, ...keys } });

  test("hosts with something to upgrade, and a workload with a budget", async () => {
    await cluster.settled();
    await startGuarded(cluster);
    for (const host of all) await offerUpgrades(host);
  });

  test("a preview lists every host; the maintenance stops at a host that does not come back, and names it", async () => {
    maintain("first", { packages: "security", reboot: "always" });
    const preview = await stack.ask("preview", ["--diff"]);
    assert.equal(preview.status, 0, preview.text);
    for (const { name } of all) assert.match(preview.text, new RegExp(`maintenance-${name}\\b`));
    const before = await boots();
    await stayOff(config.name, "m2");
    const watch = new RollWatch(await stack.output("kubeconfig"), cluster);
    const { status, text } = await stack.engine("up");
    const report = await watch.stop();
    assert.notEqual(status, 0);
    assert.match(text, /reboot: m2$/m);
    assert.match(text, /cannot reach [^ ]*@[^ ]*/);
    assert.deepEqual([report.mostAway, report.fewestGuarded >= 1], [1, true], JSON.stringify(report));
    await start(config.name, "m2");
    assert.deepEqual(await rebooted(before), ["m1", "m2"]);
    assert.deepEqual(await cordoned(), ["m2"]);
    assert.equal(await upgradesOn(cluster.host("m1")), "library 1.0\ntool 2.0\n");
    assert.equal(await upgradesOn(cluster.host("m3")), "library 1.0\ntool 1.0\n");
  });

  test("the next up goes on with it once it is back: the others follow, one at a time", async () => {
    const before = await boots();
    const watch = new RollWatch(await stack.output("kubeconfig"), cluster);
    const { text } = await stack.up();
    const report = await watch.stop();
    assert.deepEqual([report.mostAway, report.mostCordoned, report.fewestGuarded >= 1], [1, 1, true], JSON.stringify(report));
    assert.deepEqual(await rebooted(before), ["m3", "w1", "w2"]);
    assert.doesNotMatch(text, /maintenance-m1/);
    for (const host of all) assert.equal(await upgradesOn(host), "library 1.0\ntool 2.0\n", host.name);
    await eventually("every node to be open", 10, async () => (await cordoned()).length === 0);
    await cluster.settled();
    await assertNothingRuns(scenario);
  });

  test("another word: hosts are upgraded, and only one that asks for a reboot is rebooted", async () => {
    const before = await boots();
    await cluster.host("w2").sh("touch /run/reboot-required");
    maintain("2026-12", { packages: "all", reboot: "if-needed" });
    const watch = new RollWatch(await stack.output("kubeconfig"), cluster);
    await stack.up();
    const report = await watch.stop();
    assert.deepEqual([report.mostAway, report.mostCordoned, report.fewestGuarded >= 1], [0, 1, true], JSON.stringify(report));
    assert.deepEqual(await rebooted(before), ["w2"]);
    for (const host of all) assert.equal(await upgradesOn(host), "library 2.0\ntool 2.0\n", host.name);
    await cluster.settled();
    await assertNothingRuns(scenario);
  });
});
