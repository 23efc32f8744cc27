import assert from "node:assert/strict";
import { test } from "node:test";
import { must } from "../../support/process.ts";

const library = new URL("../../../hosts/lib/", import.meta.url).pathname;

/** What is done to etcd and the turn while `work` runs under the turn and only `listener` hears it. */
async function underTurn(work: string, listener: string): Promise<string[]> {
  const script = `
    set -euo pipefail
    STAGE_NAME=etcd HOST_NAME=m1
    . ${library}common.sh
    . ${library}turn.sh
    etcd_access() { :; }
    etcd_do() { echo "$1 $2 $3" >&3; }
    quorum_lost() { return 1; }
    last_failure() { :; }
    take_turn() { TURN_HELD=yes; }
    release_turn() { echo released >&3; }
    ${work}
    with_turn work`;
  const said = await must("bash", [
    "-c",
    `exec 3>&1; { bash -c "$1" 2>&1 | ${listener}; } >/dev/null; wait; sleep 0.3`,
    "-",
    script,
  ]);
  return said.trimEnd().split("\n");
}

test("who is done gives the turn back", async () => {
  assert.deepEqual(await underTurn("work() { say done; }", "cat"), ["released"]);
});

test("who fails under the turn leaves a mark for those that wait", async () => {
  const mark = "put ha-kubernetes/failed etcd on m1";
  assert.deepEqual(await underTurn("work() { fail broken; }", "cat"), [mark, "released"]);
  assert.deepEqual(await underTurn("work() { false; }", "cat"), [mark, "released"]);
});

test("whose `up` is killed leaves none: the next one goes on with the same host", async () => {
  assert.deepEqual(await underTurn("work() { while sleep 0.05; do say waiting; done; }", "head -n 1"), ["released"]);
  assert.deepEqual(await underTurn("work() { while sleep 0.05; do env echo waiting; done; }", "head -n 1"), ["released"]);
});
