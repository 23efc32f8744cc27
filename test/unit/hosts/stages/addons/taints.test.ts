import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCluster } from "../../../../../config/parse.ts";
import { workersTaints } from "../../../../../hosts/node-settings.ts";
import { must } from "../../../../harness/process.ts";
import { known, metal } from "../../../../harness/samples.ts";
import { scratch } from "../../../../harness/scratch.ts";

const words = new URL("../../../../../hosts/lib/taints.sh", import.meta.url).pathname;
const library = new URL("../../../../../hosts/stages/addons/objects/lib-taints.sh", import.meta.url).pathname;

/** What the script would have kubectl do, and note, for Nodes as `workers_taints` prints them and the ConfigMap of notes. */
async function commands(taints: string, notes: Record<string, string> | undefined, ...nodes: string[]): Promise<string[]> {
  const folder = scratch();
  const script = `
    set -euo pipefail
    STAGE=$1 TAINTS=$2 nodes=$3 noted=$4
    did() { :; }
    fail() { exit 1; }
    addons_kubectl() { if [ "$1" = get ]; then printf '%s' "$nodes"; else echo "$*" >&3; fi; }
    api() { printf '%s' "$noted"; [[ $noted != *NotFound* ]]; }
    api_apply() { sed -n 's/^  /note /p' "$3" >&3; }
    . ${words}
    . ${library}
    if nobody_has_taints; then echo nobody >&3; elif taints_are_current; then echo current >&3; else set_taints 3>&3 2>/dev/null >/dev/null; fi`;
  const lines = nodes.map((node) => `${node}\n`).join("");
  const noted = JSON.stringify(notes === undefined ? { reason: "NotFound" } : { kind: "ConfigMap", data: notes });
  const said = await must("bash", ["-c", `exec 3>&1; ${script}`, "-", folder, taints, lines, noted]);
  return said.trimEnd().split("\n");
}

test("a pool's taints are told to control planes as words, in one order; pools without any say nothing", () => {
  const parsed = parseCluster(
    {
      ...metal(),
      pools: {
        general: {},
        gpu: {
          taints: [
            { key: "gpu", value: "yes", effect: "NoSchedule" },
            { key: "example.com/dear", effect: "NoExecute" },
          ],
        },
      },
    },
    known,
  );
  assert.ok(parsed.ok, JSON.stringify(parsed));
  assert.deepEqual(workersTaints(parsed.cluster), ["gpu>example.com/dear:NoExecute", "gpu>gpu=yes:NoSchedule"]);
});

test("nothing is done where no pool has taints, or each Node has what its pool wants; to taints of others never", async () => {
  assert.deepEqual(await commands("", undefined, "w1|general|mine:NoSchedule "), ["nobody"]);
  assert.deepEqual(await commands("", { "node.w1": "", "pool.general": "" }, "w1|general|mine:NoSchedule "), ["nobody"]);
  const notes = { "node.w1": "gpu=yes:NoSchedule", "pool.gpu": "gpu=yes:NoSchedule" };
  assert.deepEqual(await commands("gpu>gpu=yes:NoSchedule", notes, "w1|gpu|gpu=yes:NoSchedule mine:NoExecute "), ["current"]);
});

test("a pool's new taints are set on its living workers and noted where nodes can't write", async () => {
  assert.deepEqual(
    await commands("gpu>a:NoExecute gpu>gpu=yes:NoSchedule", undefined, "w1|general|", "w2|gpu|mine:NoSchedule "),
    [
      "taint node w2 --overwrite a:NoExecute gpu=yes:NoSchedule",
      'note "node.w1": ""',
      'note "pool.general": ""',
      'note "node.w2": "a:NoExecute gpu=yes:NoSchedule"',
      'note "pool.gpu": "a:NoExecute gpu=yes:NoSchedule"',
    ],
  );
});

test("what the pool no longer wants goes where it is still there; another value is set over the old one", async () => {
  const notes = { "node.w1": "a:NoExecute gpu=yes:NoSchedule", "pool.gpu": "a:NoExecute gpu=yes:NoSchedule" };
  assert.deepEqual(await commands("gpu>gpu=no:NoSchedule", notes, "w1|gpu|gpu=yes:NoSchedule a:NoExecute mine:NoExecute "), [
    "taint node w1 --overwrite gpu=no:NoSchedule a:NoExecute-",
    'note "node.w1": "gpu=no:NoSchedule"',
    'note "pool.gpu": "gpu=no:NoSchedule"',
  ]);
  // One that joined since has what its pool had then; one that was moved keeps nothing of its old pool.
  assert.deepEqual((await commands("", notes, "w2|gpu|a:NoExecute "))[0], "taint node w2 --overwrite a:NoExecute-");
  assert.deepEqual((await commands("", notes, "w1|general|a:NoExecute "))[0], "taint node w1 --overwrite a:NoExecute-");
  // A Node that came back without them gets them again.
  assert.deepEqual(
    (await commands("gpu>a:NoExecute", { "node.w1": "a:NoExecute", "pool.gpu": "a:NoExecute" }, "w1|gpu|"))[0],
    "taint node w1 --overwrite a:NoExecute",
  );
});

test("a taint that an admin gave a worker stays, whatever the worker says of itself", async () => {
  // Notes on the Node itself are not read: the script asks for taints alone.
  const notes = { "node.w1": "", "pool.general": "" };
  assert.deepEqual(await commands("gpu>a:NoExecute", notes, "w1|general|quarantine=x:NoExecute "), ["current"]);
});

test("a worker's own taints come beside its pool's, also before it has joined, and go alone", async () => {
  const own = "gpu>gpu=yes:NoSchedule node.w2.example.com>gpu=yes:NoSchedule node.w2.example.com>mine:NoExecute";
  const notes = {
    "node.w1": "gpu=yes:NoSchedule",
    "pool.gpu": "gpu=yes:NoSchedule",
    "node.w2.example.com": "gpu=yes:NoSchedule mine:NoExecute",
  };
  assert.deepEqual(await commands(own, { "node.w1": "", "pool.gpu": "" }, "w1|gpu|gpu=yes:NoSchedule "), [
    'note "node.w1": "gpu=yes:NoSchedule"',
    'note "pool.gpu": "gpu=yes:NoSchedule"',
    'note "node.w2.example.com": "gpu=yes:NoSchedule mine:NoExecute"',
  ]);
  const has = ["w1|gpu|gpu=yes:NoSchedule ", "w2.example.com|gpu|gpu=yes:NoSchedule mine:NoExecute "];
  assert.deepEqual(await commands(own, notes, ...has), ["current"]);
  assert.deepEqual(
    (await commands("gpu>gpu=yes:NoSchedule", notes, ...has))[0],
    "taint node w2.example.com --overwrite mine:NoExecute-",
  );
});

test("the words of a worker's own taints hold its pool's; a control plane's are not among them", () => {
  const config = metal();
  config.pools.general = { taints: [{ key: "a", value: "1", effect: "NoSchedule" }] };
  config.hosts.w1.taints = [
    { key: "a", value: "2", effect: "NoSchedule" },
    { key: "b", effect: "NoExecute" },
  ];
  config.hosts.m1.taints = [{ key: "c", effect: "NoExecute" }];
  const parsed = parseCluster(config, known);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const expected = ["general>a=1:NoSchedule", "node.w1>a=2:NoSchedule", "node.w1>b:NoExecute"];
  assert.deepEqual(workersTaints(parsed.cluster), expected);
});
