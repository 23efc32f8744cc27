import assert from "node:assert/strict";
import { test } from "node:test";
import { must } from "../../../../harness/process.ts";
import { scratch } from "../../../../harness/scratch.ts";

const script = new URL("../../../../../hosts/stages/control-plane/lib-apiserver.sh", import.meta.url).pathname;

/** Whether a component that does not run and was started `starts` times since is given up, by what it said last and by what it needs. */
async function givesUp(component: string, starts: number, words: string, { quorum = true, apiserver = true } = {}) {
  const said = await must("bash", [
    "-c",
    `set -euo pipefail
     HOST_ADDRESS=10.0.0.11; host_port() { echo "$1:$2"; }; api_as_admin() { :; }
     . ${script}
     folder=$1; printf '%s\\n' "$2" >"$folder/$((2 + $3)).log"; touch "$folder/2.log"
     newest_log() { echo "$folder/$((2 + starts)).log"; }
     starts=$3
     own_processes() { return 1; }
     etcd_has_quorum() { ${quorum}; }; apiserver_ready_here() { ${apiserver}; }
     if up_or_ended "$4" "$folder/2.log" 60 "it to run" false; then echo yes; else echo no; fi`,
    "-",
    scratch(),
    words,
    String(starts),
    component,
  ]);
  return said.trim() === "yes";
}

const refused = 'E1129 01:01:48 1 run.go:74] "command failed" err="unknown flag: --wrong"';
const lost = 'E1129 01:01:48 1 controllermanager.go:413] "leaderelection lost/stopped"';

test("a component that ends three times by what it is told is given up", async () => {
  assert.equal(await givesUp("kube-controller-manager", 3, refused), true);
  assert.equal(await givesUp("kube-controller-manager", 2, refused), false);
  assert.equal(await givesUp("kube-apiserver", 3, refused), true);
});

test("one that lost the lease, or has nothing to ask, gets its time", async () => {
  assert.equal(await givesUp("kube-controller-manager", 5, lost), false);
  assert.equal(await givesUp("kube-scheduler", 5, 'E1129 01:01:48 1 server.go:297] "Leaderelection lost"'), false);
  assert.equal(await givesUp("kube-scheduler", 5, refused, { apiserver: false }), false);
  assert.equal(await givesUp("kube-apiserver", 5, refused, { quorum: false }), false);
});

test("one that came up and has ended once since is not given up", async () => {
  const said = await must("bash", [
    "-c",
    `set -euo pipefail
     HOST_ADDRESS=10.0.0.11; host_port() { echo "$1:$2"; }; api_as_admin() { :; }; fail() { echo "$*"; exit 1; }
     . ${script}
     newest_log() { echo /logs/3.log; }; own_processes() { return 1; }; apiserver_ready_here() { :; }; last_words_of() { echo refused; }
     wait_until() { "\${@:3}"; }
     up() { [ ! -e $1/asked ] && touch $1/asked; }
     comes_up kube-scheduler /logs/2.log 60 "it to run" up "$1"`,
    "-",
    scratch(),
  ]);
  assert.equal(said, "");
});
