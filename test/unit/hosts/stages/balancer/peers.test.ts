import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { must } from "../../../../harness/process.ts";
import { scratch } from "../../../../harness/scratch.ts";

const stage = new URL("../../../../../hosts/stages/balancer/", import.meta.url).pathname;

/** What a change of a balancer that serves waits for. `noted`: the peers of its last whole run. */
async function waits(peers: string, configured: readonly string[], noted?: string): Promise<string> {
  const home = scratch();
  mkdirSync(join(home, "config"));
  writeFileSync(join(home, "config/keepalived.conf"), configured.map((peer) => `    ${peer}\n`).join(""));
  if (noted !== undefined) writeFileSync(join(home, "balancer-peers"), `${noted}\n`);
  const script = `
    set -euo pipefail; shopt -s lastpipe
    HOME_DIR=$1 CONFIG=$1/config PEERS=$2
    . <(sed '/^apply_balancer$/d' ${stage}apply.sh)
    balancer_healthy() { :; }
    balancer_converge() { :; }
    write_file() { cat >"$3"; }
    wait_until() { case $2 in another*) echo "$2" ;; esac; }
    balancer_change
    note_peers
    if knows_a_peer; then echo knows; fi`;
  return (await must("bash", ["-c", script, "-", home, peers])).trim();
}

test("a balancer that was the only one does not wait for those that start after it; the next change waits for them", async () => {
  const wait = "another balancer to be healthy before this one changes\nknows";
  assert.equal(await waits("10.0.0.12 10.0.0.13", []), "knows");
  // Cut off after it wrote its configuration.
  assert.equal(await waits("10.0.0.12 10.0.0.13", ["10.0.0.12", "10.0.0.13"], ""), "knows");
  assert.equal(await waits("10.0.0.12 10.0.0.13", [], "10.0.0.12 10.0.0.13"), wait);
  // One of several stays.
  assert.equal(await waits("10.0.0.12 10.0.0.14", ["10.0.0.12", "10.0.0.13"]), wait);
  assert.equal(await waits("", ["10.0.0.12"]), "");
});

test("a balancer that is the only one notes that: a later run that is cut off does not make it wait", async () => {
  const home = scratch();
  const noted = `
    HOME_DIR=$1 CONFIG=$1 PEERS=
    . <(sed '/^apply_balancer$/d' ${stage}apply.sh)
    write_file() { cat >"$3"; echo written; }
    note_peers; note_peers
    echo "    10.0.0.12" >$CONFIG/keepalived.conf; PEERS=10.0.0.12
    if knows_a_peer; then echo waits; fi`;
  assert.equal(await must("bash", ["-euc", noted, "-", home]), "written\n");
});
