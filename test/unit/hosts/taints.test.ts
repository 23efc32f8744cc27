import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseCluster } from "../../../config/parse.ts";
import { taintsByPool } from "../../../hosts/taints.ts";
import { must } from "../../support/process.ts";
import { known, metal } from "../config/samples.ts";

const library = new URL("../../../hosts/addons/lib-taints.sh", import.meta.url).pathname;

/** What the script would have kubectl do, for Nodes as `workers_taints` prints them. */
async function commands(taints: string, ...nodes: string[]): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "taints-"));
  const script = `
    set -euo pipefail
    STAGE=$1 TAINTS=$2 nodes=$3
    did() { :; }
    addons_kubectl() { if [ "$1" = get ]; then printf '%s' "$nodes"; else echo "$*" >&3; fi; }
    . ${library}
    if taints_are_current; then echo current >&3; else set_taints 3>&3 2>/dev/null >/dev/null; fi`;
  try {
    const lines = nodes.map((node) => `${node}\n`).join("");
    const said = await must("bash", ["-c", `exec 3>&1; ${script}`, "-", folder, taints, lines]);
    return said.trimEnd().split("\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
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
  assert.deepEqual(taintsByPool(parsed.cluster), ["gpu>example.com/dear:NoExecute", "gpu>gpu=yes:NoSchedule"]);
});

test("nothing is done where each Node has what its pool wants, and to taints of others never", async () => {
  assert.deepEqual(await commands("", "w1|general||", "w2|general||mine:NoSchedule "), ["current"]);
  assert.deepEqual(await commands("gpu>gpu=yes:NoSchedule", "w1|gpu|gpu=yes:NoSchedule|gpu:NoSchedule mine:NoExecute "), [
    "current",
  ]);
});

test("a pool's new taints are set on its living workers and noted there", async () => {
  assert.deepEqual(await commands("gpu>a:NoExecute gpu>gpu=yes:NoSchedule", "w1|general||", "w2|gpu||mine:NoSchedule "), [
    "taint node w2 --overwrite a:NoExecute gpu=yes:NoSchedule",
    "annotate node w2 --overwrite ha-kubernetes/taints=a:NoExecute gpu=yes:NoSchedule",
  ]);
});

test("what the pool no longer wants goes where it is still there; another value is set over the old one", async () => {
  assert.deepEqual(
    await commands("gpu>gpu=no:NoSchedule", "w1|gpu|a:NoExecute gpu=yes:NoSchedule|gpu:NoSchedule a:NoExecute mine:NoExecute "),
    [
      "taint node w1 --overwrite gpu=no:NoSchedule a:NoExecute-",
      "annotate node w1 --overwrite ha-kubernetes/taints=gpu=no:NoSchedule",
    ],
  );
  // Killed after the first of the two.
  assert.deepEqual(await commands("", "w1|gpu|a:NoExecute|mine:NoExecute "), [
    "annotate node w1 --overwrite ha-kubernetes/taints=",
  ]);
});
