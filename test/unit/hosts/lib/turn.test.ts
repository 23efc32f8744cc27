import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { must, run } from "../../../harness/process.ts";
import { scratch } from "../../../harness/scratch.ts";

const library = new URL("../../../../hosts/lib/", import.meta.url).pathname;

/** turn.sh and what it stands on, with a folder of the test's own in the place of the host's; gone when the test ends. */
function turnLibrary(): { directory: string; source: string } {
  const directory = scratch();
  const here = (name: string) =>
    `. <(sed 's|/run/ha-kubernetes|${directory}|g; s|/var/lib/ha-kubernetes|${directory}|g' ${library}${name}.sh)`;
  return { directory, source: ["common", "files", "etcd", "turn"].map(here).join("; ") };
}

/** The commands to etcd and the turn while `work` runs under the turn and only `listener` hears it. */
async function underTurn(work: string, listener: string): Promise<string[]> {
  const script = `
    set -euo pipefail
    STAGE_NAME=etcd HOST_NAME=m1
    ${turnLibrary().source}
    etcd_access() { :; }
    etcd_do() { echo "$1 $2 $3" >&3; }
    etcd_has_quorum() { :; }
    last_failure() { echo none; }
    take_turn() { TURN_HELD=yes; }
    release_turn() { echo released >&3; }
    ${work}
    with_turn work`;
  const said = await must("bash", ["-c", `exec 3>&1; { bash -c "$1" 2>&1 | ${listener}; } >/dev/null; wait`, "-", script]);
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

test("a run that was killed while it waited gives the turn on at once when it comes, though another run waits for its own", async () => {
  const { directory, source } = turnLibrary();
  // As `etcdctl lock` does: waits until it is the next one, runs the command and goes when that ends.
  const lock = `#!/bin/bash
    touch ${directory}/queued-$QUEUED
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
    [ -e ${directory}/next-$QUEUED ] || fail "took another's turn"
    release_turn
    echo had the turn`;
  const said = await must("bash", [
    "-c",
    `QUEUED=1 bash -c "$1" & first=$!
    until [ -e ${directory}/queued-1 ]; do sleep 0.05; done
    kill -9 $first
    QUEUED=2 timeout 10 bash -c "$1" & second=$!
    until [ -e ${directory}/queued-2 ]; do sleep 0.05; done
    touch ${directory}/next-1
    wait $second`,
    "-",
    run,
  ]);
  assert.equal(said, "had the turn\n");
});

/** Runs lines with the libraries and stand-ins for etcd; returns how it ended and what it said. */
async function withEtcd(lines: string): Promise<{ status: number; said: string }> {
  const { source, directory } = turnLibrary();
  const script = `
    set -euo pipefail
    shopt -s lastpipe
    STAGE_NAME=etcd HOST_NAME=m1 OWNER=test/1 PEER_URL=https://10.0.0.1:2380 HOST_ADDRESS=10.0.0.1 D=${directory}
    ${source}
    etcd_access() { export ETCDCTL_ENDPOINTS=https://10.0.0.1:2379; }
    ${lines}`;
  const { status, text } = await run("bash", ["-c", script]);
  return { status, said: text.trimEnd() };
}

test("without a quorum nothing runs: it is waited for, and in the end its absence has a cause", async () => {
  const lines = `
    wait_until() { local what=$2; shift 2; "$@" || fail "gave up waiting for $what: $(why_not_"$1")"; }
    etcd_do() { case "$*" in *"endpoint status"*) echo '"Leader" : 0' ;; *) return 1 ;; esac; }
    work() { echo interrupted; }
    with_turn work`;
  const { status, said } = await withEtcd(lines);
  assert.equal(status, 1);
  assert.match(said, /waiting for a quorum of etcd, without which .*: https:\/\/10\.0\.0\.1:2379 has no leader/);
  assert.doesNotMatch(said, /interrupted/);
});

test("who failed since this run began stops it, though the turn is asked for much later; an earlier failure does not", async () => {
  const lines = (meanwhile: string) => `
    echo '"ModRevision" : 7' >$D/mark; echo '"Value" : "etcd on m2"' >>$D/mark
    etcd_do() { case "$*" in "get ha-kubernetes/failed"*) cat $D/mark ;; esac; }
    take_turn() { :; }
    at_start_ask_who_failed
    until read -t 0 -u $FAILED_INPUT; do sleep 0.05; done
    ${meanwhile}
    work() { echo done; }
    with_turn work`;
  assert.deepEqual(await withEtcd(lines(":")), { status: 0, said: "done" });
  const { status, said } = await withEtcd(lines("sed -i 's/7/9/' $D/mark"));
  assert.equal(status, 1);
  assert.match(said, /the same roll failed on another host: "etcd on m2"/);
});

test("a run knows whether the turn is still its own, by the key in etcd", async () => {
  const lines = (first: string) => `
    etcd_do() { case "$*" in *"--limit=1"*) printf '%s\\n\\n' ${first} ;; esac; }
    sleep 30 & TURN_HELD=$! TURN_KEY=ha-kubernetes/turn/5e1
    trap 'kill $TURN_HELD' EXIT
    still_my_turn; echo goes on`;
  assert.deepEqual(await withEtcd(lines("ha-kubernetes/turn/5e1")), { status: 0, said: "goes on" });
  const { status, said } = await withEtcd(lines("ha-kubernetes/turn/777"));
  assert.equal(status, 1);
  assert.match(said, /this host lost its turn .*Run up again/);
  // Where the program puts hosts in order, there is no turn to lose.
  assert.deepEqual(await withEtcd("still_my_turn; echo goes on"), { status: 0, said: "goes on" });
});

test("a member that never started, or that has no client URL, is not healthy, and learners do not count", async () => {
  const lines = (list: string) => `
    etcd_do() { case "$*" in "member list") printf '%s\\n' ${list} ;; "endpoint health") [ -n "$ETCDCTL_ENDPOINTS" ] ;; esac; }
    . ${library}../stages/etcd/lib-members.sh
    if other_members_healthy "$PEER_URL"; then echo healthy; fi`;
  const own = "'1, started, m1, https://10.0.0.1:2380, https://10.0.0.1:2379, false'";
  const other = "'2, started, m2, https://10.0.0.2:2380, https://10.0.0.2:2379, false'";
  const said = async (...list: string[]) => (await withEtcd(lines(list.join(" ")))).said;
  assert.equal(await said(own, other), "healthy");
  assert.equal(await said(own), "healthy");
  assert.equal(await said(own, other, "'3, started, m3, https://10.0.0.3:2380, , false'"), "not healthy: m3");
  assert.equal(await said(own, other, "'3, unstarted, , https://10.0.0.3:2380, , false'"), "not healthy: 3");
  assert.equal(await said(own, other, "'3, unstarted, , https://10.0.0.3:2380, , true'"), "healthy");
});

test("leadership is known by ids of 64 bits", async () => {
  const leads = async (leader: string) => {
    const status = `'"MemberID" : 13503953896175478587' '"Leader" : ${leader}'`;
    const lines = `
      etcd_do() { printf '%s\\n' ${status}; }
      LOCAL=https://127.0.0.1:2379
      . <(sed '/^undo_etcd$/d' ${library}../stages/etcd/undo.sh)
      if etcd_is_leader; then echo yes; else echo no; fi`;
    return (await withEtcd(lines)).said;
  };
  assert.equal(await leads("13503953896175478587"), "yes");
  assert.equal(await leads("13503953896175478588"), "no");
  assert.equal(await leads("0"), "no");
});

test("where the members of one list are gone, those of the other are asked, and what they say is kept", async () => {
  const lines = `
    echo https://10.0.0.9:2379 >$D/etcd-endpoints
    echo https://10.0.0.1:2379,https://10.0.0.4:2379 >$D/apiserver-etcd-servers
    etcd_access() { export ETCDCTL_ENDPOINTS; ETCDCTL_ENDPOINTS=$(<$D/etcd-endpoints); }
    etcd_do() {
      [[ $ETCDCTL_ENDPOINTS != *10.0.0.9* ]] || return 1
      case "$*" in "member list") printf '%s\\n' '4, started, m4, https://10.0.0.4:2380, https://10.0.0.4:2379, false' ;; esac
    }
    if quorum_lost; then echo lost; fi
    cat $D/etcd-endpoints`;
  assert.deepEqual(await withEtcd(lines), { status: 0, said: "https://10.0.0.4:2379" });
});

test("etcd is asked again while it does not answer; a failed member list is not an empty list", async () => {
  const { directory, source } = turnLibrary();
  const script = `
    set -euo pipefail
    STAGE_NAME=etcd HOST_NAME=m1 PEER_URL=https://10.0.0.1:2380
    ${source}
    . ${library}../stages/etcd/lib-members.sh
    # Answers the third time.
    etcd_do() { printf x >>${directory}/asked; [ "$(wc -c <${directory}/asked)" -ge 3 ] || { echo 'deadline exceeded' >&2; return 1; }; echo "$*"; }
    echo "answer: $(etcd_surely member list)"
    etcd_surely() { return 1; }
    if other_members_healthy "$PEER_URL"; then echo healthy; else echo 'not healthy'; fi`;
  assert.equal(await must("bash", ["-c", script]), "answer: member list\nnot healthy\n");
});
