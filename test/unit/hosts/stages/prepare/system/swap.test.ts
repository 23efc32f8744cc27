import assert from "node:assert/strict";
import { test } from "node:test";
import { run } from "../../../../../harness/process.ts";
import { scratch } from "../../../../../harness/scratch.ts";

// Swap on a machine. Its systemctl and swapon are functions that behave as those of systemd 252 and 257 and of util-linux do.

const hosts = new URL("../../../../../../hosts/", import.meta.url).pathname;

/** `units`: lines of `unit state activity`. Everything of them is in files of `home`, so that a stop or a mask is seen afterwards. */
async function onHost(script: string, { units = "", devices = "", home = scratch() } = {}) {
  const preamble = `set -euo pipefail; shopt -s lastpipe
    HOME_DIR=${home}; STAGE_NAME=prepare; NOT_APPLIED=(); DONE=()
    say() { echo "$*"; }; did() { echo "DID $*"; }; fail() { echo "FAIL: $*"; exit 1; }; in_container() { false; }
    write_file() { mkdir -p "$(dirname "$3")"; cat >"$3.new"; mv "$3.new" "$3"; }
    . ${hosts}lib/saved.sh; . ${hosts}stages/prepare/system/lib-swap.sh
    units() { printf '%s' "$UNITS"; }
    systemctl() {
      local verb=$1; shift
      case $verb in
        # As the real one, with status 1 where there is none.
        list-unit-files) units | while read -r unit state _; do
          if grep -qsw -- "$unit" ${home}/masked; then state=masked; fi
          echo "$unit $state enabled"; done | grep . ;;
        is-active)
          local word=inactive unit=\${2:-$1}
          if units | grep -q "^$unit .* active$"; then word=active; fi
          [ "$1" = --quiet ] || echo "$word"
          [ "$word" = active ] || return 3 ;;
        is-enabled) if [ -f ${home}/masked ]; then echo masked; else echo static; fi; [ ! -f ${home}/masked ] ;;
        mask) shift; echo "$*" >${home}/masked ;;
        unmask) echo "unmask $2"; rm -f ${home}/masked ;;
        *) echo "$verb $*" ;;
      esac
    }
    swapon() { if [ "$1" = "--show=NAME" ]; then cat ${home}/devices; else echo "swapon $1"; echo "$1" >>${home}/devices; fi; }
    swapoff() { echo "swapoff $*"; : >${home}/devices; }
    [ -f ${home}/devices ] || printf '%s' "$DEVICES" >${home}/devices`;
  const { status, text } = await run("bash", ["-c", `${preamble}\n${script}`], { env: { UNITS: units, DEVICES: devices } });
  return { status, text, home };
}

test("a host that never had swap is told once to have none, and gets its target back", async () => {
  const { status, text, home } = await onHost("apply_swap; apply_swap; restore_swap; restore_swap");
  assert.equal(status, 0, text);
  assert.equal(text, "DID turned swap off\nunmask swap.target\n", home);
});

test("swap of files, devices and services goes off and comes back", async () => {
  const units = "swap.swap generated active\nzramswap.service enabled active\ndphys-swapfile.service disabled inactive\n";
  const { status, text } = await onHost("apply_swap; apply_swap; restore_swap", { units, devices: "/swap\n/dev/zram0\n" });
  assert.equal(status, 0, text);
  for (const line of [
    "stop swap.swap zramswap.service",
    "swapoff -a",
    "DID turned swap off, with swap.swap zramswap.service",
    "start swap.swap",
    "start zramswap.service",
    "swapon /swap",
    "swapon /dev/zram0",
  ])
    assert.ok(text.includes(line), `${line}\n${text}`);
  assert.doesNotMatch(text, /dphys/);
});
