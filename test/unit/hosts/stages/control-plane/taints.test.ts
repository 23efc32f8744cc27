import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { must } from "../../../../harness/process.ts";
import { scratch } from "../../../../harness/scratch.ts";

const hosts = new URL("../../../../../hosts/", import.meta.url).pathname;
const usual = "node-role.kubernetes.io/control-plane:NoSchedule";

/** What the script does on a host, for taints as the Node has them and as an earlier run noted them. */
async function steps(has: string, noted: string | undefined, taints: string | undefined) {
  const home = scratch();
  const note = join(home, "control-plane-taints");
  if (noted !== undefined) writeFileSync(note, `${noted}\n`);
  const script = `
    set -euo pipefail; shopt -s lastpipe
    HOME_DIR=$1 HOST_NAME=n1 CORDONED=$1/cordoned
    . ${hosts}lib/taints.sh
    . ${hosts}stages/control-plane/objects/lib-taints.sh
    this_kubectl() { case $* in *go-template*) printf '%s' "$HAS" ;; "get "*) echo "" ;; *) echo "$*" >&3 ;; esac; }
    wait_until() { :; }
    did() { :; }
    fail() { exit 1; }
    write_file() { cat >"$3"; }
    with_turn() { echo turn >&3; "$@"; }
    drain_node() { echo drain >&3; }
    uncordon() { echo uncordon >&3; }
    exec 3>&1
    set_node_taints >/dev/null`;
  const said = await must("bash", ["-c", script, "-", home], {
    env: { HAS: has, ...(taints !== undefined && { TAINTS: taints }) },
  });
  return { steps: said.split("\n").filter(Boolean), noted: existsSync(note) ? readFileSync(note, "utf8").trim() : undefined };
}

test("a usual control plane is left as it is, also where an administrator took its taint away", async () => {
  assert.deepEqual(await steps(`${usual} `, undefined, undefined), { steps: [], noted: undefined });
  assert.deepEqual(await steps("", undefined, undefined), { steps: [], noted: undefined });
});

test("the role worker takes the usual taint away, and leaves those of others", async () => {
  assert.deepEqual(await steps(`mine:NoExecute ${usual} `, undefined, ""), {
    steps: [`taint node n1 --overwrite ${usual}-`],
    noted: "",
  });
  assert.deepEqual(await steps("mine:NoExecute ", "", ""), { steps: [], noted: "" });
});

test("without that role it is closed again, and emptied under the turn; a run that was cut off does so once more", async () => {
  const closes = ["turn", `taint node n1 --overwrite ${usual}`, "drain", "uncordon"];
  assert.deepEqual(await steps("mine:NoExecute ", "", undefined), { steps: closes, noted: undefined });
  assert.deepEqual((await steps(`${usual} `, "", undefined)).steps, ["turn", "drain", "uncordon"]);
});

test("taints of its own come and go beside the usual one, without a drain", async () => {
  const both = `a=1:NoExecute ${usual}`;
  assert.deepEqual(await steps(`${usual} `, undefined, both), {
    steps: ["taint node n1 --overwrite a=1:NoExecute"],
    noted: both,
  });
  assert.deepEqual(await steps(`${both} `, both, undefined), {
    steps: ["taint node n1 --overwrite a:NoExecute-"],
    noted: undefined,
  });
});
