import assert from "node:assert/strict";
import { test } from "node:test";
import { run } from "../../../../harness/process.ts";

// hosts/stages/handover/undo.sh with stand-ins for what it asks: etcdctl, curl, and the turn.

const hosts = new URL("../../../../../hosts/", import.meta.url).pathname;

interface World {
  /** Lines of etcd's member list, by the last byte of their address. */
  members: Record<number, "healthy" | "sick" | "learner">;
  /** Control planes by last byte, and whether they are ready. */
  apiservers: Record<number, boolean>;
  controlPlane?: boolean;
}

function handOver({ members, apiservers, controlPlane = true }: World) {
  const line = ([byte, state]: [string, string]) =>
    `${byte}, started, m${byte}, https://10.0.0.${byte}:2380, https://10.0.0.${byte}:2379, ${state === "learner"}`;
  const script = `set -euo pipefail
    STAGE_NAME=handover HOST_NAME=m1 HOST_ADDRESS=10.0.0.1 CONTROL_PLANE=${controlPlane ? "yes" : "no"} OWNER=test/1
    . ${hosts}lib/common.sh
    . ${hosts}lib/etcd.sh
    . ${hosts}lib/apiserver.sh
    member_list() { etcd_do member list; }
    # One look is enough here.
    wait_until() { shift; local what=$1; shift; "$@" || fail "gave up waiting for $what"; }
    leave_in_turn() { "$1"; }
    etcd_do() {
      if [ "$1" = member ]; then printf '%s\\n' '${Object.entries(members).map(line).join("' '")}'; return; fi
      case $ETCDCTL_ENDPOINTS in ${Object.entries(members)
        .filter(([, state]) => state === "sick")
        .map(([byte]) => `https://10.0.0.${byte}:2379) return 1 ;;`)
        .join(" ")} *) return 0 ;; esac
    }
    control_planes() { printf '%s\\n' ${Object.keys(apiservers)
      .map((byte) => `'m${byte} 10.0.0.${byte}'`)
      .join(" ")}; }
    curl() { case "\${*: -1}" in ${Object.entries(apiservers)
      .filter(([, ready]) => ready)
      .map(([byte]) => `https://10.0.0.${byte}:6443/readyz) printf ok ;;`)
      .join(" ")} *) return 7 ;; esac; }
    . ${hosts}stages/handover/undo.sh
    outcome`;
  return run("bash", ["-c", script], {});
}

const well: World = {
  members: { 1: "healthy", 2: "healthy", 3: "healthy" },
  apiservers: { 1: true, 2: true, 3: false },
};

test("a machine may go when the other members are healthy and one other apiserver is ready, whatever its own state", async () => {
  for (const world of [well, { ...well, members: { ...well.members, 1: "sick" as const } }]) {
    const { status, stdout } = await handOver(world);
    assert.deepEqual([status, stdout.trim()], [0, "may go"]);
  }
});

test("it stays while another member is sick, or no other apiserver is ready; learners don't count", async () => {
  const sick = await handOver({ ...well, members: { ...well.members, 3: "sick" } });
  assert.equal(sick.status, 1);
  assert.match(sick.stdout, /not healthy: m3/);
  const alone = await handOver({ ...well, apiservers: { 1: true, 2: false, 3: false } });
  assert.equal(alone.status, 1);
  assert.match(alone.stdout, /no other apiserver is ready: m2 m3/);
  assert.equal((await handOver({ ...well, members: { ...well.members, 4: "learner" } })).status, 0);
});

test("etcd alone asks for no apiserver; the only host of its cluster waits for nobody", async () => {
  assert.equal((await handOver({ ...well, apiservers: { 4: false }, controlPlane: false })).status, 0);
  assert.equal((await handOver({ members: { 1: "healthy" }, apiservers: { 1: true } })).status, 0);
});
