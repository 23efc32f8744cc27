import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

test("a run that was killed while it waited gives the turn on at once when it comes, though another run waits for its own", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "ha-kubernetes-turn-"));
  t.after(() => rmSync(directory, { recursive: true }));
  // As `etcdctl lock` does: waits until it is the next one, runs the command and goes when that ends.
  const lock = `#!/bin/bash
    until [ -e ${directory}/next-$QUEUED ]; do sleep 0.05; done
    shift 4
    "$@"
    touch ${directory}/next-$((QUEUED + 1))`;
  writeFileSync(`${directory}/etcdctl`, lock, { mode: 0o700 });
  const run = `
    set -euo pipefail
    STAGE_NAME=etcd HOST_NAME=m1
    . ${library}common.sh
    . <(sed 's|/run/ha-kubernetes|${directory}|g' ${library}turn.sh)
    etcdctl_path() { echo ${directory}/etcdctl; }
    take_turn
    [ -e ${directory}/next-$QUEUED ] || fail "took what was another's"
    release_turn
    echo had the turn`;
  const said = await must("bash", [
    "-c",
    `QUEUED=1 bash -c "$1" & first=$!
    until [ -e ${directory}/turn.log ]; do sleep 0.05; done; sleep 0.2
    kill -9 $first
    QUEUED=2 timeout 10 bash -c "$1" & second=$!
    sleep 0.3; touch ${directory}/next-1
    wait $second`,
    "-",
    run,
  ]);
  assert.equal(said, "had the turn\n");
});
