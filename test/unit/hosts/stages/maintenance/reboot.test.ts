import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../../../harness/process.ts";
import { scratch } from "../../../../harness/scratch.ts";

// Whether a host is to reboot, the reboot itself, and what a host gives up before it.

const hosts = new URL("../../../../../hosts/", import.meta.url).pathname;

async function bash(lines: string, files: Readonly<Record<string, string>> = {}): Promise<string> {
  const root = scratch();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  const script = `
    set -euo pipefail
    HAK_ROOT=${root} HOST_NAME=m1 ROLES="etcd balancer control-plane" MAINTENANCE=2026-12
    . <(sed 's|/var/lib/ha-kubernetes|${root}/var|' ${hosts}lib/common.sh)
    mkdir -p $HOME_DIR
    fail() { echo "fail: $*"; exit 0; }; did() { echo "did: $*"; }; say() { echo "say: $*"; }
    has_role() { [[ " $ROLES " == *" $1 "* ]]; }; is_node() { has_role control-plane || has_role worker; }
    has_dnf() { false; }; in_container() { false; }; uname() { echo 6.1.0-28-amd64; }
    . ${hosts}stages/maintenance/lib-reboot.sh
    ${lines}`;
  const { text } = await run("bash", ["-c", script]);
  return text.replaceAll(root, "").trim();
}

test("a host is to reboot where the distribution says so, or where a newer kernel is installed than runs", async () => {
  const reason = (lines: string, files: Record<string, string> = {}) => bash(`${lines}; reason_to_reboot`, files);
  assert.equal(await reason(":"), "");
  assert.equal(await reason(":", { "run/reboot-required": "" }), "/run/reboot-required is there");
  const kernels = { "boot/vmlinuz-6.1.0-28-amd64": "", "boot/vmlinuz-6.1.0-9-amd64": "", "boot/vmlinuz-0-rescue-abc": "" };
  assert.equal(await reason(":", kernels), "");
  const newer = { ...kernels, "boot/vmlinuz-6.1.0-31-amd64": "" };
  assert.equal(await reason(":", newer), "kernel 6.1.0-31-amd64 is installed, and 6.1.0-28-amd64 runs");
  // The kernel of a container is the machine's.
  assert.equal(await reason("in_container() { true; }", newer), "");
  const rhel = (status: number) => `has_dnf() { true; }; needs-restarting() { return ${status}; }`;
  assert.equal(await reason(rhel(1)), "needs-restarting -r says so");
  assert.equal(await reason(rhel(0)), "");
});

const systemd = (active: string) => `
  systemctl() { case $1 in is-active) [[ " ${active} " == *" \${*: -1} "* ]] ;; *) echo "systemctl $*" ;; esac; }
  systemd-run() { echo "systemd-run \${*: -4}"; }`;

test("systemd is asked for the reboot before logins are closed, and opens them again where it can't reboot", async () => {
  const said = await bash(`${systemd("ssh.service ssh.socket")}; ask_for_reboot`);
  const lines = said.split("\n");
  assert.equal(lines[0], "systemctl stop ha-kubernetes-reboot.timer");
  assert.match(lines[1] ?? "", /^systemd-run .*systemctl reboot \|\| .*systemctl start "\$@".* sh ssh\.socket ssh\.service$/);
  assert.deepEqual(lines.slice(2), ["did: reboots", "systemctl stop ssh.socket ssh.service"]);
});

test("where systemd takes no reboot, logins stay open", async () => {
  const said = await bash(`${systemd("ssh.service")}; systemd-run() { return 1; }; ask_for_reboot`);
  assert.match(said, /fail: systemd does not take the reboot. Reboot this host by hand, then run up again$/);
  assert.doesNotMatch(said, /stop ssh/);
});

test("a boot is told from another by the kernel's id and the first process, which a container has for itself", async () => {
  assert.match(await bash("this_boot"), /^[0-9a-f-]{36}\/[0-9]+$/);
});

const balancer = (lines: string) =>
  bash(
    `mkdir -p $HAK_ROOT/etc/systemd/system/{haproxy,keepalived}.service.d
     touch $HAK_ROOT/etc/systemd/system/{haproxy,keepalived}.service.d/ha-kubernetes.conf
     echo "10.0.0.12 10.0.0.13" >$HOME_DIR/balancer-peers
     API_PORT=8443 FORMER_PORT="" STATISTICS_PORT=8404
     . ${hosts}stages/maintenance/lib-away.sh
     wait_until() { "\${@:3}"; }
     balancer_healthy() { [ "\${1:-}" != 10.0.0.13 ]; }
     ${lines}`,
  );

test("a balancer starts again what it gave up and nothing of others; other balancers are asked, and those away are named", async () => {
  const units = `systemctl() { case $1 in is-active) [ "$3" = haproxy ] ;; *) echo "systemctl $*" ;; esac; }`;
  assert.equal(await balancer(`${units}; serve_clients`), "systemctl start keepalived");
  assert.equal(await balancer(`STATISTICS_PORT=""; ${units}; serve_clients; leave_clients`), "");
  assert.equal(await balancer("other_balancers_healthy || true"), "not healthy: 10.0.0.13. Bring them back, then run up again");
  assert.equal(await balancer("if vrrp_is_here; then echo vrrp; fi; if routed_is_here; then echo routed; fi"), "vrrp");
});

test("pods leave a node, unless it is the only one; who cordoned it before keeps it cordoned", async () => {
  const kubectl = (nodes: string, unschedulable = "") => `
    CORDONED=$HAK_ROOT/cordoned; drain_node() { echo drained; }
    this_kubectl() { case $* in "get nodes "*) printf '${nodes}' ;; *) echo "${unschedulable}" ;; esac; }`;
  const cordoned = "leave_pods; if [ -f $CORDONED ]; then echo ours; fi";
  assert.equal(await balancer(`${kubectl("node/m1\\nnode/w1\\n")}; ${cordoned}`), "drained\nours");
  assert.equal(await balancer(`${kubectl("node/m1\\nnode/w1\\n", "true")}; ${cordoned}`), "drained");
  assert.equal(
    await balancer(`${kubectl("node/m1\\n")}; ${cordoned}`),
    "say: this is the only node: pods stay on it, and stop with it",
  );
  assert.equal(await balancer(`ROLES=etcd; ${kubectl("")}; ${cordoned}`), "");
});
