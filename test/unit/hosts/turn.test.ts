import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { must } from "../../support/process.ts";

const library = new URL("../../../hosts/lib/", import.meta.url).pathname;

/** turn.sh with a folder of the test's own in the place of the host's; gone when the test ends. */
function turnLibrary(t: TestContext): { directory: string; source: string } {
  const directory = mkdtempSync(join(tmpdir(), "ha-kubernetes-turn-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return { directory, source: `. ${library}common.sh; . <(sed 's|/run/ha-kubernetes|${directory}|g' ${library}turn.sh)` };
}

/** What is done to etcd and the turn while `work` runs under the turn and only `listener` hears it. */
async function underTurn(t: TestContext, work: string, listener: string): Promise<string[]> {
  const script = `
    set -euo pipefail
    STAGE_NAME=etcd HOST_NAME=m1
    ${turnLibrary(t).source}
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

test("who is done gives the turn back", async (t) => {
  assert.deepEqual(await underTurn(t, "work() { say done; }", "cat"), ["released"]);
});

test("who fails under the turn leaves a mark for those that wait", async (t) => {
  const mark = "put ha-kubernetes/failed etcd on m1";
  assert.deepEqual(await underTurn(t, "work() { fail broken; }", "cat"), [mark, "released"]);
  assert.deepEqual(await underTurn(t, "work() { false; }", "cat"), [mark, "released"]);
});

test("whose `up` is killed leaves none: the next one goes on with the same host", async (t) => {
  assert.deepEqual(await underTurn(t, "work() { while sleep 0.05; do say waiting; done; }", "head -n 1"), ["released"]);
  assert.deepEqual(await underTurn(t, "work() { while sleep 0.05; do env echo waiting; done; }", "head -n 1"), ["released"]);
});

test("a run that was killed while it waited gives the turn on at once when it comes, though another run waits for its own", async (t) => {
  const { directory, source } = turnLibrary(t);
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
    ${source}
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

test("etcd is asked again while it does not answer; a list of members that is not had is no empty list", async (t) => {
  const { directory, source } = turnLibrary(t);
  const script = `
    set -euo pipefail
    STAGE_NAME=etcd HOST_NAME=m1 HOME_DIR=${directory} PEER_URL=https://10.0.0.1:2380
    ${source}
    . ${library}../etcd/lib-members.sh
    # Answers the third time.
    etcd_do() { printf x >>${directory}/asked; [ "$(wc -c <${directory}/asked)" -ge 3 ] || { echo 'deadline exceeded' >&2; return 1; }; echo "$*"; }
    echo "answer: $(etcd_surely member list)"
    etcd_surely() { return 1; }
    if others_healthy; then echo healthy; else echo 'not healthy'; fi`;
  assert.equal(await must("bash", ["-c", script]), "answer: member list\nnot healthy\n");
});
