import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { run } from "../../../harness/process.ts";

const lib = new URL("../../../../hosts/lib/", import.meta.url).pathname;
const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

interface Answers {
  node?: object;
  lease?: string;
  pods?: object;
  /** Lines of the bridge of pods and of flannel. */
  here?: string;
  network?: string;
}

const node = (ready: string, message: string, more: { cidr?: string; version?: string; bootID?: string } = {}) => ({
  metadata: { name: "w1", labels: { "ha-kubernetes/pool": "general" } },
  spec: { podCIDRs: [more.cidr ?? "10.244.3.0/24"] },
  status: {
    conditions: [
      { type: "MemoryPressure", status: "False", reason: "R", message: "enough" },
      { type: "Ready", status: ready, lastHeartbeatTime: "2026-11-28T08:00:00Z", reason: "R", message },
    ],
    nodeInfo: { bootID: more.bootID ?? boot, kubeletVersion: `v${more.version ?? "1.36.3"}` },
  },
});

/** Runs a line of bash with what the API answers; the kubelet was started at 2026-11-28T08:00:00Z. */
function proving(line: string, { node, lease = "2026-11-28T08:00:01.000000Z", pods, here = "", network = "flannel" }: Answers) {
  const answer = (value: object | undefined) => (value === undefined ? '{"reason":"NotFound"}' : JSON.stringify(value));
  const script = `
    set -euo pipefail; shopt -s lastpipe
    STAGE_NAME=test HOST_NAME=w1 HOME_DIR=/nonexistent KUBERNETES_VERSION=1.36.3 POD_NETWORK=${network}
    node_is=$1 lease_is=$2 pods_are=$3 here_is=$4
    . ${lib}common.sh
    . ${lib}proof.sh
    api() {
      case $2 in
      */nodes/*) printf '%s' "$node_is"; [[ $node_is != *NotFound* ]] ;;
      */leases/*) printf '{"spec":{"renewTime":"%s"}}' "$lease_is" ;;
      *) printf '%s' "$pods_are" ;;
      esac
    }
    systemctl() { echo 77; }
    ps() { printf -v now '%(%s)T' -1; echo $((now - 1795852801)); }
    ranges_here() { [ -z "$here_is" ] || printf '%s\\n' $here_is; }
    wait_until() { shift 2; "$@" >/dev/null || { echo "GAVE UP: $(last_words "$("$@")" "$@" | paste -sd' ')"; exit 0; }; }
    ${line}`;
  return run("bash", ["-c", script, "-", answer(node), lease, answer(pods), here]);
}
const proof = async (answers: Answers) =>
  (await proving('prove_node "" echo TURN; echo "well"', answers)).text.trim().split("\n").join(" | ");

const noPods = { items: [] };

test("a Node that is Ready, of this kubelet and with pods of its range, is well", async () => {
  assert.equal(await proof({ node: node("True", "well"), here: "10.244.3.1/24 10.244.3.1/24" }), "well");
  // A host where no pod ran yet has no bridge.
  assert.equal(await proof({ node: node("True", "well") }), "well");
});

test("one that is not Ready is named with the kubelet's words, and with what its pod network waits for", async () => {
  const message = 'container runtime network not ready: reason:NetworkPluginNotReady message:"cni plugin not initialized"';
  const waiting = { waiting: { reason: "ImagePullBackOff", message: "Back-off pulling image" } };
  const pods = { items: [{ status: { containerStatuses: [{ state: waiting }] } }] };
  const said = await proof({ node: node("False", message), pods });
  assert.match(said, /^GAVE UP: not Ready: container runtime network not ready.*cni plugin not initialized/);
  assert.match(said, /its pod of flannel, the pod network, waits: ImagePullBackOff Back-off pulling image$/);
  assert.match(await proof({ node: node("False", message), pods: noPods }), /it has no pod of flannel/);
  // Where the user brings a pod network there is none at first.
  assert.equal(await proof({ node: node("False", message), network: "''" }), "well");
  assert.match(
    await proof({ node: node("False", "PLEG is not healthy"), network: "''" }),
    /GAVE UP: not Ready: PLEG is not healthy/,
  );
});

test("a Node that is gone, of an earlier start, of another kubelet, or that only counts as Ready still, is not well", async () => {
  assert.match(await proof({ network: "''" }), /GAVE UP: the API has no Node of this name/);
  assert.match(await proof({ node: node("True", "", { bootID: "x" }) }), /GAVE UP: the Node is still that of an earlier start/);
  assert.match(
    await proof({ node: node("True", "", { version: "1.35.4" }) }),
    /GAVE UP: the Node does not say kubelet v1\.36\.3/,
  );
  assert.match(
    await proof({ node: node("True", ""), lease: "2026-11-28T07:59:59.9Z" }),
    /GAVE UP: the kubelet that was started at 2026-11-28T08:00:0\d has not/,
  );
});

test("another range of pods than the host uses is taken over in turn; no range yet is waited for", async () => {
  const mends = "TURN mend_pod_network | well";
  assert.equal(await proof({ node: node("True", ""), here: "10.244.1.1/24 10.244.3.1/24" }), mends);
  assert.equal(await proof({ node: node("True", ""), here: "10.244.3.1/24 10.244.1.1/24" }), mends);
  assert.equal(await proof({ node: node("True", "", { cidr: "10.244.3.128/25" }), here: "10.244.3.129/25" }), "well");
  const without = { ...node("True", ""), spec: {} };
  assert.match(await proof({ node: without }), /GAVE UP: the Node has none/);
});

test("a Node that the API does not have is told from one that it can't tell of", async () => {
  const gone = "if node_is_gone; then echo gone; else echo there; fi";
  assert.equal((await proving(gone, {})).text.trim(), "gone");
  assert.equal((await proving(gone, { node: node("True", "") })).text.trim(), "there");
  const silent = `api() { echo 'curl: (7) Failed to connect'; return 7; }; ${gone}`;
  assert.match((await proving(silent, {})).text, /^GAVE UP: curl: \(7\) Failed to connect/);
});
