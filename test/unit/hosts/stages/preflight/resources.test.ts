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

test("without packages, missing commands are named; a time service that may stay needs no chrony", async () => {
  const commands = (more: string) =>
    withScripts(
      ["lib/roles.sh", "lib/findings.sh", "stages/preflight/lib-others.sh", "stages/preflight/lib-preflight.sh"],
      `problem() { echo "$*"; }; is_active() { [ "$1" = "\${ACTIVE:-}" ]; }; COMMANDS="cat no-such-command"; ${more}; check_commands`,
    );
  const missing = (names: string) =>
    `hostPreparation.packages is off and these commands are missing: ${names}. Install them, or turn it on`;
  assert.equal(await commands(":"), missing("no-such-command"));
  assert.equal(await commands("COMMANDS=cat"), "");
  const none = "command() { [ $2 != chronyc ]; }; COMMANDS='cat chronyc'";
  assert.equal(await commands(`${none}; TIME_SERVICE=keep ACTIVE=openntpd`), "");
  assert.equal(await commands(`${none}; TIME_SERVICE=keep`), missing("chronyc"));
  assert.equal(await commands(`${none}; ACTIVE=openntpd`), missing("chronyc"));
});

test("a UDP port that a program or the kernel holds is a problem; VXLAN's devices share theirs", async () => {
  const udp = (sockets: string, ports: string, more = ":") =>
    withScripts(
      ["lib/roles.sh", "lib/findings.sh", "stages/preflight/lib-preflight.sh"],
      `problem() { echo "$*"; }; ss() { printf '%s\\n' '${sockets}'; }; ip() { :; }; ${more}; UDP_PORTS="${ports}"; check_udp_ports`,
    );
  const held = (port: number) => `UNCONN 0 0 0.0.0.0:${port} 0.0.0.0:* users:(("vpnd",pid=7,fd=5))`;
  const kernel = (port: number) => `UNCONN 0 0 0.0.0.0:${port} 0.0.0.0:*`;
  assert.match(
    await udp(held(8472), "8472:vxlan"),
    /^UDP port 8472 is taken by vpnd: stop that, vxlan needs it, or set network\./,
  );
  assert.match(await udp(held(3784), "3784:bfdd 8472:vxlan"), /^UDP port 3784 is taken by vpnd: stop that, bfdd needs it$/);
  assert.match(await udp(kernel(51820), "51820:wireguard"), /^UDP port 51820 is taken by the kernel, by another WireGuard/);
  assert.match(await udp(kernel(8472), "8472:vxlan"), /^UDP port 8472 is taken by the kernel, and not by VXLAN/);
  assert.equal(await udp(kernel(8472), "8472:vxlan", "ip() { echo '9: v0: <UP> vxlan id 7 dstport 8472 nolearning '; }"), "");
  assert.equal(await udp(held(18472), "8472:vxlan"), "");
  assert.equal(await udp(held(8472), "8472:"), "");
});

test("lvs as balancer is refused where the kernel has no IPVS and can't load it, with a cure for a container", async () => {
  const said = async (around: string, balancer = "lvs keepalived") => {
    const library = new URL("../../../../../hosts/lib/features.sh", import.meta.url).pathname;
    const words = await must("bash", [
      "-euc",
      `. <(sed 's,/proc/net/ip_vs,${scratch()}/ip_vs,' ${library}); problem() { echo "$*"; }; uname() { echo 6.1.0; }; is_node() { return 1; }
       in_container() { return 1; }; modprobe() { return 1; }; ${around}; BALANCER="${balancer}" check_features`,
    ]);
    return words.trimEnd();
  };
  assert.match(await said(":"), /^Linux 6\.1\.0 has no module ip_vs, .*: install .*, or set balancer\.kind to haproxy$/);
  assert.match(await said("in_container() { return 0; }"), /: run 'modprobe ip_vs' on the machine itself, or set balancer\.kind/);
  assert.equal(await said("modprobe() { return 0; }"), "");
  assert.equal(await said(":", "haproxy keepalived"), "");
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
