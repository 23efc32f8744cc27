import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../../../harness/process.ts";
import { scratch } from "../../../../harness/scratch.ts";

// What the script of maintenance decides, by its note and by what it finds, with stand-ins for all that it calls.

const folder = new URL("../../../../../hosts/stages/maintenance/", import.meta.url).pathname;

/** A host that goes through maintenance `2026-12` again and again. */
class Host {
  readonly root = scratch();

  /** Runs the script. `settings` override those of a control plane that reboots always and has two packages to upgrade. */
  async apply(settings = ""): Promise<string[]> {
    const script = `
      set -euo pipefail
      HOME_DIR=${this.root} STAGE_NAME=maintenance HOST_NAME=m1 MAINTENANCE=2026-12 PATCHES=security REBOOT=always ROLES="etcd control-plane"
      REASON="" FOUND="a b" BOOT=1
      fail() { echo "fail: $*"; exit 0; }
      did() { echo "did: $*"; }
      say() { :; }
      write_file() { cat >"$3"; }
      has_role() { [[ " $ROLES " == *" $1 "* ]]; }
      is_node() { has_role control-plane || has_role worker; }
      etcd_access() { has_role etcd; }
      with_turn() { echo turn; "$@"; echo "turn ends"; }
      with_pool_turn() { echo "pool turn $1"; shift; "$@"; echo "turn ends"; }
      still_my_turn() { :; }
      still_my_pool_turn() { :; }
      find_updates() { read -r -a UPDATES <<<"$FOUND"; }
      this_boot() { echo "boot-$BOOT"; }
      reason_to_reboot() { echo "$REASON"; }
      others_are_well() { echo gates; }
      leave_pods() { echo drain; }
      leave_clients() { echo "give up the address"; }
      patch() { [ \${#UPDATES[@]} -eq 0 ] || echo "upgrade \${UPDATES[*]}"; }
      prove_host() { echo prove; }
      uncordon() { echo uncordon; }
      ask_for_reboot() { echo reboot; }
      UPDATES=()
      . <(sed -n '/^reboot_is_wanted()/,/^}/p' ${folder}lib-reboot.sh)
      ${settings}
      . ${folder}apply.sh`;
    const { status, text } = await run("bash", ["-c", script]);
    assert.equal(status, 0, text);
    return text.trim().split("\n").filter(Boolean);
  }

  note(text: string): void {
    writeFileSync(join(this.root, "maintenance"), `${text}\n`);
  }
}

const away = ["turn", "gates", "drain", "give up the address", "upgrade a b", "turn ends", "reboot"];
const back = ["prove", "uncordon", "did: came back whole"];

test("a host is drained, patched and rebooted under the turn; after its boot it is proved, and then nothing is to change", async () => {
  const host = new Host();
  assert.deepEqual(await host.apply(), away);
  assert.deepEqual(await host.apply("BOOT=2 BACK=yes"), back);
  assert.deepEqual(await host.apply("BOOT=2"), []);
  assert.deepEqual(await host.apply("BOOT=3 BACK=yes"), []);
});

test("a run that was killed before the reboot begins again; one after it proves the host, whichever of the two runs it is", async () => {
  const host = new Host();
  assert.deepEqual(await host.apply(), away);
  assert.deepEqual(await host.apply(), away);
  assert.deepEqual(await host.apply("BOOT=2"), back);
});

test("a host that the second run finds in the same boot is not taken for a rebooted one", async () => {
  const host = new Host();
  host.note("2026-12 reboots boot-1");
  const [said = ""] = await host.apply("BACK=yes");
  assert.match(said, /^fail: this host was to reboot for maintenance 2026-12, and has not.*Reboot it by hand, then run up again/);
  assert.deepEqual(await host.apply("BACK=yes BOOT=2"), back);
});

test("another word begins again, whatever the note of the one before says", async () => {
  for (const note of ["2026-11 done", "2026-11 reboots boot-0", ""]) {
    const host = new Host();
    host.note(note);
    assert.deepEqual(await host.apply(), away, note);
  }
});

test("with nothing to upgrade and no reason to reboot, the host keeps its pods and takes no turn", async () => {
  const host = new Host();
  assert.deepEqual(await host.apply("REBOOT=if-needed FOUND=''"), ["did: found nothing to upgrade, and no reason to reboot"]);
  assert.deepEqual(await host.apply("REBOOT=if-needed FOUND='' BACK=yes"), []);
});

test("a host reboots as the key says", async () => {
  const without = ["turn", "gates", "drain", "give up the address", "upgrade a b", ...back, "turn ends"];
  assert.deepEqual(await new Host().apply("REBOOT=never REASON=kernel"), without);
  assert.deepEqual(await new Host().apply("REBOOT=if-needed"), without);
  assert.deepEqual(await new Host().apply("REBOOT=if-needed REASON=kernel"), away);
  // Nothing to upgrade, but a reboot that an earlier upgrade asked for.
  assert.deepEqual(
    await new Host().apply("REBOOT=if-needed REASON=kernel FOUND=''"),
    away.filter((it) => !it.startsWith("upgrade")),
  );
  // What the upgrade brought asks for it.
  assert.deepEqual(await new Host().apply(`REBOOT=if-needed; patch() { echo "upgrade \${UPDATES[*]}"; REASON=kernel; }`), away);
});

test("workers take turns of their pool, and balancers alone take none", async () => {
  const [worker] = await new Host().apply("ROLES=worker POOL=general");
  assert.equal(worker, "pool turn maintenance-2026-12");
  assert.equal((await new Host().apply("ROLES=balancer"))[0], "gates");
});

test("a host that is made with the word notes it, and nothing else happens to it", async () => {
  const host = new Host();
  assert.deepEqual(await host.apply("MADE_WITH_IT=yes"), []);
  assert.deepEqual(await host.apply(), []);
  // The first run of a host that was on its way already.
  const another = new Host();
  another.note("2026-12 reboots boot-1");
  assert.deepEqual(await another.apply("MADE_WITH_IT=yes BOOT=2"), back);
});

test("a gate that fails leaves the host as it is, and its next run begins again", async () => {
  const host = new Host();
  const failed = await host.apply(`others_are_well() { fail "m2 is away"; }`);
  assert.deepEqual(failed, ["turn", "fail: m2 is away"]);
  assert.deepEqual(await host.apply(), away);
});
