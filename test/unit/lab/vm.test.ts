import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { scratch } from "../../harness/scratch.ts";

const lab = new URL("../../../lab/", import.meta.url).pathname;

/** The output of a function of the machines' scripts. */
function call(...words: string[]): string {
  const sources = ["lib", "container", "image", "vm/image", "vm/machine"].map((name) => `. "${lab}${name}.sh"`).join("; ");
  return execFileSync("bash", ["-c", `set -euo pipefail; ${sources}; "$@"`, "test", ...words], { encoding: "utf8" });
}

const machineArguments = (folder: string) =>
  call("machine_arguments", folder, "tap0", "52:54:00:01:02:03", "2", "3072").split("\n");

test("a machine is emulated, has its own disks before the blank ones, and its process can be told by its file", () => {
  const folder = join(scratch(), "m1");
  mkdirSync(folder);
  for (const name of ["data1", "data2"]) writeFileSync(join(folder, `${name}.qcow2`), "");
  const found = machineArguments(folder);
  const valuesOf = (option: string) => found.flatMap((word, index) => (word === option ? [found[index + 1] ?? ""] : []));
  assert.deepEqual(valuesOf("-pidfile"), [`${folder}/pid`]);
  assert.match(valuesOf("-accel").join(), /^tcg,/);
  assert.deepEqual(valuesOf("-m"), ["3072"]);
  const disks = valuesOf("-device").flatMap((device) => /^virtio-blk-pci,drive=(\w+),serial=\1$/.exec(device)?.[1] ?? []);
  assert.deepEqual(disks, ["root", "seed", "data1", "data2"]);
  assert.ok(valuesOf("-drive").some((drive) => drive.startsWith(`file=${folder}/seed.tar,`) && drive.endsWith(",readonly=on")));
  assert.ok(valuesOf("-netdev").every((network) => network.startsWith("tap,id=net,ifname=tap0,script=no")));
});

test("a process with the number of a machine that ended is not taken for it", () => {
  const folder = scratch();
  assert.throws(() => call("machine_lives", folder));
  writeFileSync(join(folder, "pid"), `${process.pid}\n`);
  assert.throws(() => call("machine_lives", folder));
});

test("every machine has a network device of its own, with a name that the kernel accepts", () => {
  const names = [call("tap_name", "dev", "m1"), call("tap_name", "dev", "m2"), call("tap_name", "dev-m1", "m1")];
  for (const name of names) assert.match(name.trim(), /^[a-z0-9-]{1,15}$/);
  assert.equal(new Set(names).size, 3);
  assert.match(call("mac_of", "dev", "m1").trim(), /^52:54:00(:[0-9a-f]{2}){3}$/);
});

test("the script without its arguments prints its usage and does nothing", () => {
  for (const words of [
    [],
    ["delete"],
    ["delete", "dev"],
    ["create", "dev", "m1", "10.77.0.11"],
    ["power-cut", "dev"],
    ["", ""],
  ]) {
    const { status, stdout, stderr } = spawnSync("bash", [`${lab}vm/host.sh`, ...words], { encoding: "utf8" });
    assert.equal(status, 1);
    assert.equal(stdout, "");
    assert.ok(stderr.startsWith("ERROR: lab: usage: host.sh "), stderr);
  }
});

test("each tool that is missing is installed, though others are there", () => {
  const folder = scratch();
  const installs = `apt-get() { echo "$*" >>"${folder}/said"; }; install_missing bash:bash not-there:one /not/there:two`;
  execFileSync("bash", ["-c", `set -euo pipefail; . "${lab}lib.sh"; ${installs}`], { stdio: "pipe" });
  assert.match(readFileSync(join(folder, "said"), "utf8"), / install .* one two\n$/);
});
