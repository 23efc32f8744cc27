import assert from "node:assert/strict";
import { test } from "node:test";
import { run } from "../../../../harness/process.ts";

// Whom a host asks before it goes away, and how it is proved afterwards, with stand-ins for everything that it asks.

const folder = new URL("../../../../../hosts/stages/maintenance/", import.meta.url).pathname;

/** Whom a host of these roles asks; `lines` come last. */
async function asked(roles: string, lines: string): Promise<string[]> {
  const script = `
    set -euo pipefail
    ROLES="${roles}" HOST_NAME=m1 HOST_ADDRESS=10.0.0.11 PEER_URL="" STATISTICS_PORT=""
    has_role() { [[ " $ROLES " == *" $1 "* ]]; }; is_node() { has_role control-plane || has_role worker; }
    is_balancer() { has_role balancer; }
    etcd_access() { has_role etcd || has_role control-plane; }
    host_port() { echo "$1:$2"; }; api_as_admin() { :; }; api_as_kubelet() { :; }
    other_members_healthy() { echo "members but '$1'"; }
    other_balancers_healthy() { echo balancers; }
    control_planes() { printf '%s\\n' "m1 10.0.0.11" "m2 10.0.0.12" "m3 10.0.0.13"; }
    apiserver_ready() { echo "apiserver $1"; }
    serve_clients() { echo balancer; }
    kubelet_version() { echo 1.36.3; }
    prove_node() { echo "node $KUBERNETES_VERSION"; }
    etcd_do() { echo "etcd $ETCDCTL_ENDPOINTS" >&3; }; exec 3>&1
    wait_until() { "\${@:3}" || echo "gave up"; }
    . ${folder}lib-proof.sh
    ${lines}`;
  const { status, text } = await run("bash", ["-c", script]);
  assert.equal(status, 0, text);
  return text.trim().split("\n").filter(Boolean);
}

test("each host asks those that do what it does", async () => {
  const others = "PEER_URL=https://10.0.0.11:2380; others_are_well";
  const members = "members but 'https://10.0.0.11:2380'";
  const planes = ["apiserver 10.0.0.12", "apiserver 10.0.0.13"];
  assert.deepEqual(await asked("etcd balancer control-plane", others), ["balancers", members, ...planes]);
  assert.deepEqual(await asked("etcd", others), [members]);
  assert.deepEqual(await asked("control-plane", "others_are_well"), ["members but ''", ...planes]);
  assert.deepEqual(await asked("balancer", "others_are_well"), ["balancers"]);
  assert.deepEqual(await asked("worker", "others_are_well"), []);
});

test("every control plane that is not ready is named with the cure", async () => {
  const said = await asked("control-plane", "apiserver_ready() { [ $1 = 10.0.0.11 ]; }; others_are_well");
  assert.deepEqual(said.slice(1), ["not ready: m2 m3. Bring them back, then run up again", "gave up"]);
});

test("a host is proved by what it is", async () => {
  assert.deepEqual(await asked("etcd balancer control-plane", "prove_host"), [
    "etcd https://127.0.0.1:2379",
    "apiserver 10.0.0.11",
    "balancer",
    "node 1.36.3",
  ]);
  assert.deepEqual(await asked("etcd", "prove_host"), ["etcd https://127.0.0.1:2379", "balancer"]);
  assert.deepEqual(await asked("worker", "prove_host"), ["balancer", "node 1.36.3"]);
});
