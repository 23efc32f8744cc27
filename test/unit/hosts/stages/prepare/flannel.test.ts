import assert from "node:assert/strict";
import { test } from "node:test";
import { must } from "../../../../harness/process.ts";
import { scratch } from "../../../../harness/scratch.ts";

const library = new URL("../../../../../hosts/stages/prepare/lib-flannel.sh", import.meta.url).pathname;

/** What the script does for a wanted interface (undefined: no host has one of its own), with a flannel that runs with these arguments. */
async function done(wanted: string | undefined, ...running: string[]): Promise<string[]> {
  const script = `
    set -euo pipefail
    HOST_ADDRESS=10.0.0.21 HOST_NAME=w1 folder=$1
    . <(sed 's|/proc/|$folder/|' ${library})
    ${wanted === undefined ? "staged() { :; }" : `printf '%s' '${wanted}' >$folder/wanted; staged() { echo "$folder/wanted"; }`}
    mkdir $folder/7; printf '%s\\0' "\${@:2}" >$folder/7/cmdline
    pgrep() { if [ $# -gt 0 ] && [ -s $folder/7/cmdline ]; then echo 7; fi; }
    ip() { [ "$3" != none0 ]; }
    install_files() { echo "installed"; }
    kill() { echo "kill $1"; }
    did() { :; }
    fail() { echo "fail $*"; exit 0; }
    apply_flannel_interface`;
  return (await must("bash", ["-c", script, "-", scratch(), ...running])).split("\n").filter(Boolean);
}
const flanneld = (name: string) => ["/opt/bin/flanneld", "--ip-masq", `--iface=${name}`];

test("flannel starts again where it runs with another interface than the wanted one, and only there", async () => {
  assert.deepEqual(await done("bond0\n", ...flanneld("10.0.0.21")), ["installed", "kill 7"]);
  assert.deepEqual(await done("bond0\n", ...flanneld("bond0")), ["installed"]);
  assert.deepEqual(await done("", ...flanneld("10.0.0.21")), ["installed"]);
  assert.deepEqual(await done("", ...flanneld("bond0")), ["installed", "kill 7"]);
  assert.deepEqual(await done(undefined, ...flanneld("bond0")), []);
});

test("an interface that the host lacks is named with its key", async () => {
  const [said = ""] = await done("none0\n", ...flanneld("bond0"));
  assert.match(said, /there is no interface none0 \(hosts\.w1\.flannelInterface/);
});
