import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { must } from "../../../../harness/process.ts";
import { scratch } from "../../../../harness/scratch.ts";
import { withScripts } from "../../bash.ts";

/** What preflight says of a disk of `size` MB with `free` MB free, on a host of these roles. */
const disk = (roles: string, size: number, free: number, more = "") =>
  withScripts(
    ["lib/roles.sh", "lib/findings.sh", "stages/preflight/lib-preflight.sh"],
    `ROLES="${roles}" ARCHITECTURE=amd64; problem() { echo "$*"; }; remark() { echo "note $*"; }; in_container() { false; }
    nproc() { echo 2; }; awk() { case $1 in /^MemTotal*) echo 4096 ;; *) command awk "$@" ;; esac; }
    df() { printf '%s\\n' 'Filesystem 1048576-blocks Used Available Capacity Mounted on' '/dev/vda1 ${size} 1 ${free} 1% /'; }
    ${more}check_resources`,
  );

test("a machine's disk that is nearly full is refused before kubelet keeps pods away; in a container that is a note", async () => {
  const pressure = (percent: number, megabytes: number) =>
    `/var/lib has ${percent} % of its disk free: below 15 % kubelet reports disk pressure and no pod starts here. Free ${megabytes} MB, or take a larger disk`;
  assert.equal(await disk("worker", 250_000, 34_000), pressure(13, 3501));
  assert.equal(await disk("etcd control-plane", 4_000_000, 599_999), pressure(14, 2));
  assert.equal(await disk("worker", 250_000, 37_500), "");
  assert.match(await disk("worker", 250_000, 34_000, "in_container() { true; }; "), /^note \/var\/lib has 13 %/);
  assert.equal(await disk("worker", 10_000, 3_000), "/var/lib has 3000 MB free, a node needs 4096");
});

test("a host that is not a node, or was prepared before, needs no such share", async () => {
  assert.equal(await disk("etcd balancer", 250_000, 2_000), "");
  assert.equal(await disk("worker", 250_000, 2_000, "touch $HOME_DIR/prepared; "), "");
});

test("a kernel older than the config's floor is a problem on any host; the floor itself is not", async () => {
  const said = await disk(
    "etcd",
    250_000,
    200_000,
    'uname() { echo 6.1.0-18-amd64; }; for MINIMUM_KERNEL in "" 5.15 6.1 6.8; do check_kernel; done; ',
  );
  assert.equal(
    said,
    "Linux 6.1.0-18-amd64 is older than 6.8 (hostPreparation.minimumKernel): boot a newer kernel, or ask for less",
  );
});

test("nginx as balancer is refused where its packages and paths are others", async () => {
  const said = async (release: string, balancer: string) => {
    const system = join(scratch(), "os-release");
    writeFileSync(system, `${release}\n`);
    const library = new URL("../../../../../hosts/stages/preflight/lib-preflight.sh", import.meta.url).pathname;
    const words = await must("bash", [
      "-euc",
      `problem() { echo "$*"; }; . <(sed 's,/etc/os-release,${system},' ${library}); problem() { echo "$*"; }
       BALANCER="${balancer}" ARCHITECTURE=x HOST_NAME=b1; check_system`,
    ]);
    return /balancer\.kind/.test(words);
  };
  assert.equal(await said("ID=rocky VERSION_ID=9.4 ID_LIKE='rhel fedora'", "nginx keepalived"), true);
  assert.equal(await said("ID=rocky VERSION_ID=9.4 ID_LIKE='rhel fedora'", "haproxy keepalived"), false);
  assert.equal(await said("ID=debian VERSION_ID=12", "nginx keepalived"), false);
  assert.equal(await said("ID=mint VERSION_ID=1 ID_LIKE='ubuntu debian'", "nginx vtysh"), false);
});
