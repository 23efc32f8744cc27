import assert from "node:assert/strict";
import { test } from "node:test";
import { run } from "../../../harness/process.ts";

const lib = new URL("../../../../hosts/lib/", import.meta.url).pathname;

/**
 * Drains a node with pods as the API lists them: lines `uid namespace name kind-of-controller`. `answer` is a shell function that answers an
 * eviction: it is given the path and may take the pod off `$pods`.
 */
function drain(pods: string, answer: string, seconds = 2) {
  const script = `
    set -euo pipefail; shopt -s lastpipe
    STAGE_NAME=test HOST_NAME=w1 HOME_DIR=/nonexistent DRAIN_SECONDS=${seconds} pods=$(mktemp) log=$(mktemp)
    trap 'cat $log; rm -f $pods $log' EXIT
    cat >$pods <<'END'
${pods}
END
    . ${lib}common.sh
    . ${lib}drain.sh
    this_kubectl() { echo "$*" >>$log; case $* in "get node "*) echo node/w1 ;; "get pods"*) cat $pods ;; esac; }
    api() { echo "$1 $2" >>$log; ${answer}; }
    drain_node`;
  return run("bash", ["-c", script]);
}

const evicts = 'name=$(cut -d/ -f7 <<<"$2"); sed -i "/ $name /d" $pods';

test("pods that can run elsewhere are evicted, those of DaemonSets and static ones stay", async () => {
  const pods = "u1 default a ReplicaSet\nu2 kube-flannel f DaemonSet\nu3 kube-system s Node\nu4 default alone ";
  const { status, text } = await drain(pods, evicts);
  assert.equal(status, 0, text);
  const evicted = text.split("\n").filter((line) => line.startsWith("POST"));
  assert.deepEqual(evicted.sort(), [
    "POST /api/v1/namespaces/default/pods/a/eviction",
    "POST /api/v1/namespaces/default/pods/alone/eviction",
  ]);
  assert.match(text, /^cordon w1/m);
});

test("a budget that allows nothing ends it with the budget's words and the cure", async () => {
  const refused = `echo '{"kind":"Status","reason":"TooManyRequests","message":"Cannot evict pod as it would violate the disruption budget."}'; return 1`;
  const { status, text } = await drain("u1 default a ReplicaSet", refused);
  assert.equal(status, 1);
  assert.match(
    text,
    /could not be drained \(drain\.timeoutSeconds is 2\): default\/a: Cannot evict pod as it would violate the disruption budget\.; the node stays cordoned/,
  );
});

test("a pod that does not end is named; a pod that is gone already, or another one of its name, does not count as a failure", async () => {
  const { status, text } = await drain("u1 default a ReplicaSet", "return 0");
  assert.equal(status, 1);
  assert.match(text, /default\/a: evicted, and has not ended/);
  const gone = await drain("u1 default a ReplicaSet", `${evicts}; echo '{"reason":"NotFound"}'; return 1`);
  assert.equal(gone.status, 0, gone.text);
});

test("what comes back to a cordoned node is not waited for", async () => {
  const comesBack = 'sed -i "s/^u1 /u9 /" $pods';
  const { status, text } = await drain("u1 default a StatefulSet", comesBack);
  assert.equal(status, 0, text);
});
