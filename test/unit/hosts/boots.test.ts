import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { must, run } from "../../harness/process.ts";
import { scratch } from "../../harness/scratch.ts";

// What a host does against late addresses, swap, proxies, apt and others that empty the packet filter, with stand-ins for the
// programs that would change this machine.

const hosts = new URL("../../../hosts/", import.meta.url).pathname;

/** A folder with stand-ins by program name, and the way to run a script with them. */
function host(programs: Record<string, string> = {}) {
  const folder = scratch();
  mkdirSync(join(folder, "bin"));
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(folder, "bin", name), `#!/bin/bash\nF=${folder}\n${text}\n`);
    chmodSync(join(folder, "bin", name), 0o755);
  }
  const preamble = `
    set -euo pipefail
    shopt -s lastpipe
    PATH=${folder}/bin:$PATH F=${folder} STAGE_NAME=prepare HOST_NAME=m1 STAGE=${folder}
    . <(sed 's|/var/lib/ha-kubernetes|${folder}/home|; s|/run/ha-kubernetes|${folder}|g' ${hosts}lib/common.sh)
    . ${hosts}lib/files.sh; . ${hosts}lib/saved.sh
    durable() { :; }
    in_container() { false; }
    NOT_APPLIED=()`;
  const note = () => (existsSync(join(folder, "did")) ? readFileSync(join(folder, "did"), "utf8").trim().split("\n") : []);
  return { folder, note, sh: (script: string) => must("bash", ["-c", `${preamble}\n${script}`]) };
}

test("swap that services turn on is stopped with them, and undo gives both back", async () => {
  // Two units that bring swap; a file lists the active ones; a masked one is listed as such.
  const { note, sh } = host({
    systemctl: `case "$*" in
        list-unit-files*) for u in zramswap.service data.swap old.swap; do
          [ -e "$F/masked-$u" ] && echo "$u masked enabled" || { [ $u = old.swap ] && echo "$u disabled enabled" || echo "$u enabled enabled"; }; done ;;
        "is-active zramswap.service") echo active ;;
        is-active*data.swap) echo inactive; exit 3 ;;
        is-active*) exit 3 ;;
        "is-enabled swap.target") [ -e $F/masked-swap.target ] && echo masked || echo static ;;
        mask*) echo "$*" >>$F/did; shift 2; for u; do touch "$F/masked-$u"; done ;;
        unmask*) echo "$*" >>$F/did; rm -f "$F/masked-$3" ;;
        "stop zramswap.service data.swap") echo "$*" >>$F/did; sed -i /zram0/d $F/on ;;
        *) echo "$*" >>$F/did; [ "$*" != "start zramswap.service" ] || echo /dev/zram0 >>$F/on ;;
      esac`,
    swapon: `case "$1" in --show*) cat $F/on ;; *) echo "swapon $*" >>$F/did; echo "$1" >>$F/on ;; esac`,
    swapoff: `echo "swapoff $*" >>$F/did; : >$F/on`,
  });
  const script = (work: string) => `. ${hosts}stages/prepare/system/lib-swap.sh; ${work}`;
  await sh(script("printf '/dev/zram0\\n/dev/sda2\\n' >$F/on; apply_swap; apply_swap; apply_swap"));
  assert.deepEqual(note(), [
    "stop zramswap.service data.swap",
    "mask --quiet swap.target zramswap.service data.swap",
    "swapoff -a",
  ]);
  await sh(script(": >$F/did; restore_swap; restore_swap; cat $F/on >&2"));
  assert.deepEqual(note(), [
    "unmask --quiet swap.target",
    "unmask --quiet zramswap.service",
    "start zramswap.service",
    "unmask --quiet data.swap",
    "swapon /dev/sda2",
  ]);
});

test("a host without swap is changed once, so that none comes with the next boot", async () => {
  const { note, sh } = host({
    systemctl: `case "$*" in
        "is-enabled swap.target") [ -e $F/masked ] && echo masked || echo static ;;
        mask*) echo "$*" >>$F/did; touch $F/masked ;;
      esac`,
    swapon: ":",
    swapoff: "echo swapoff >>$F/did",
  });
  await sh(`. ${hosts}stages/prepare/system/lib-swap.sh; apply_swap; apply_swap`);
  assert.deepEqual(note(), ["mask --quiet swap.target"]);
});

const apt = {
  "dpkg-query": "cat $F/installed 2>/dev/null || true",
  systemctl: 'echo "$*" >>$F/did',
};
const services = `HAK_ROOT=$F; . ${hosts}lib/artifacts.sh
  for file in lib/packages.sh stages/prepare/system/lib-packages.sh; do . <(sed "s|/run/ha-kubernetes|$F|g; s|/run/systemd/system|$F|" ${hosts}$file); done
  . ${hosts}stages/prepare/system/lib-extra-packages.sh; has_dnf() { false; }
  note_packages() { :; }; packages_before() { :; }
  PACKAGES='curl haproxy' LOGIN_PROXIES=()`;

test("apt-get update waits for the lists' lock, and for nothing else", async () => {
  const busy = host({
    ...apt,
    "apt-get": `case "$*" in *update*) n=$(($(cat $F/n 2>/dev/null || echo 0) + 1)); echo $n >$F/n
        [ $n -ge 3 ] || { echo "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 5"; exit 100; } ;; esac`,
  });
  assert.equal(await busy.sh(`${services}; pause() { :; }; apply_packages; cat $F/n`), "3\n");
  const offline = host({
    ...apt,
    "apt-get": `case "$*" in *update*) echo "E: Failed to fetch http://x"; exit 100 ;; *) echo "E: Unable to locate package curl"; exit 100 ;; esac`,
  });
  const { status, text } = await run("bash", [
    "-c",
    `PATH=${offline.folder}/bin:$PATH F=${offline.folder} STAGE_NAME=prepare HOST_NAME=m1 STAGE=$F SAVED=$F; set -euo pipefail
     fail() { echo "$*"; exit 1; }; say() { :; }; save() { cat >/dev/null; }; ${services}; apply_packages`,
  ]);
  assert.equal(status, 1);
  assert.match(
    text,
    /could not install curl haproxy: E: Unable to locate package curl ; before that apt-get update said: E: Failed to fetch/,
  );
});

test("services that were held back are let go also when apt fails, and by the next run after one that was killed", async () => {
  const { folder, note, sh } = host({ ...apt, "apt-get": `case "$*" in *install*) [ ! -e $F/broken ] ;; esac` });
  const mask =
    'systemctl() { echo "$*" >>$F/did; [ "$1" != mask ] || ln -sf /dev/null $F/$4.service; [ "$1" != unmask ] || rm $F/$4.service; }';
  await sh(`${services}; ${mask}; touch $F/broken; (apply_packages) || true`);
  const released = ["mask --runtime --quiet haproxy", "unmask --runtime --quiet haproxy", "disable --quiet haproxy"];
  assert.deepEqual(note(), released);
  rmSync(join(folder, "did"));
  writeFileSync(join(folder, "installed"), "installed curl\ninstalled haproxy\n");
  await sh(`${services}; ${mask}; ln -sf /dev/null $F/haproxy.service; apply_packages; apply_packages`);
  assert.deepEqual(note(), released.slice(1));
});

test("a login's proxies are used for downloads, and for nothing else", async () => {
  const { folder } = host();
  mkdirSync(join(folder, "lib"));
  mkdirSync(join(folder, "stage"));
  const here = (name: string) =>
    readFileSync(`${hosts}lib/${name}.sh`, "utf8")
      .replaceAll("/run/ha-kubernetes", folder)
      .replaceAll("/var/lib/ha-kubernetes", `${folder}/home`);
  for (const name of ["run", "common", "files", "artifacts"]) writeFileSync(join(folder, "lib", `${name}.sh`), here(name));
  writeFileSync(join(folder, "settings.sh"), "STAGE_NAME=prepare HOST_NAME=m1 OWNER=a/b LIBRARIES='common files artifacts'\n");
  writeFileSync(join(folder, "manifest"), "");
  writeFileSync(
    join(folder, "stage/apply.sh"),
    "all() { env | grep -i _proxy | sort | paste -sd' '; }\nsay \"none: $(all)\"; say \"fetching: $(fetching env | grep -i _proxy | sort | paste -sd' ')\"\n",
  );
  const env = { http_proxy: "http://user:pass@proxy:1", HTTPS_PROXY: "http://proxy:2", no_proxy: "a,b", Ftp_Proxy: "x" };
  const { status, stderr } = await run("bash", [join(folder, "lib/run.sh"), "apply"], { env });
  assert.equal(status, 0, stderr);
  assert.match(stderr, /^none: $/m);
  assert.match(
    stderr,
    /^fetching: (?=.*HTTPS_PROXY=http:\/\/proxy:2)(?=.*http_proxy=http:\/\/user:pass@proxy:1)(?=.*no_proxy=a,b)/m,
  );
});

/** The script that watches over tables, in a folder with stand-ins. */
function writeTablesScript(folder: string): void {
  const script = readFileSync(`${hosts}stages/prepare/firewall/tables.sh`, "utf8")
    .replace(/PATH=\S+/, `PATH=${folder}/bin:$PATH`)
    .replace("/run/ha-kubernetes-tables", `${folder}/seen`)
    .replaceAll("/proc/", `${folder}/proc/`)
    .replace("/etc/ha-kubernetes/firewall.nft", `${folder}/firewall.nft`)
    .replace("kill -TERM", `echo kill >>${folder}/did`);
  writeFileSync(join(folder, "tables.sh"), script);
}

test("a table that was taken away brings its program to an end once, a new program gets its time, and the port table comes back", async () => {
  const { folder, note, sh } = host({
    nft: "cat $F/tables",
    systemctl: 'echo "$*" >>$F/did; echo "table inet ha_kubernetes" >>$F/tables',
    pgrep: "cat $F/pid",
    grep: "exit 0",
    ps: "cat $F/age",
  });
  writeTablesScript(folder);
  const look = (tables: string, pid: number, age = 5) =>
    sh(`printf '${tables}' >$F/tables; echo ${pid} >$F/pid; echo ${age} >$F/age; rm -rf $F/proc; mkdir -p $F/proc/${pid}; echo kube-proxy >$F/proc/${pid}/comm
        bash $F/tables.sh now firewall kube-proxy`);
  writeFileSync(join(folder, "firewall.nft"), "");
  const both = "table inet ha_kubernetes\\ntable ip kube-proxy\\n";
  await look(both, 7);
  assert.deepEqual(note(), [], "all is there");
  await look("", 7);
  assert.deepEqual(note(), ["restart ha-kubernetes-firewall.service", "kill 7"]);
  await look("table inet ha_kubernetes\\n", 8);
  assert.equal(note().length, 2, "the new one has not written its table yet");
  await look(both, 8);
  await look("table inet ha_kubernetes\\ntable ip kube-proxy-2\\n", 8);
  assert.deepEqual(note().slice(2), ["kill 8"]);
  await look("table inet ha_kubernetes\\n", 9, 100);
  assert.deepEqual(note().slice(3), ["kill 9"], "it was never seen with one, for a minute and more");
});

test("the table of policies that are off goes once their program has ended, on hosts that had it, and with the host's undo", async () => {
  const table = "table inet kube-network-policies";
  const { folder, note, sh } = host({
    nft: `case "$*" in "list tables") cat $F/tables ;; list*) grep -q . $F/tables ;; *) echo "nft $*" >>$F/did; : >$F/tables ;; esac`,
    pgrep: "cat $F/pid",
    systemctl: ":",
  });
  writeTablesScript(folder);
  const look = (pid: string) =>
    sh(`echo '${table}' >$F/tables; mkdir -p $F/proc/7; echo 0::/kubepods.slice/x >$F/proc/7/cgroup; printf '${pid}' >$F/pid
        bash $F/tables.sh now no-netpol`);
  await look("7");
  assert.deepEqual(note(), [], "its pod lives");
  await look("");
  assert.deepEqual(note(), [`nft delete ${table}`]);
  const library = (tables: string) => `TABLES='${tables}'; forget_started() { :; }
    . <(sed "s|/usr/local/lib|$F/lib|; s|/etc/systemd/system|$F|g; s|/run/|$F/|" ${hosts}stages/prepare/firewall/lib-tables.sh)`;
  const unit = join(folder, "ha-kubernetes-tables.service");
  const watched = async (tables: string, before: string) => {
    writeFileSync(unit, `[Service]\nExecStart=/usr/local/lib/ha-kubernetes/tables.sh ${before}\n`);
    return (await sh(`${library(tables)}; tables_to_watch ${unit}`)).trim();
  };
  assert.equal(await watched("firewall kube-proxy", "firewall"), "firewall kube-proxy");
  assert.equal(await watched("firewall netpol", "firewall"), "firewall netpol");
  assert.equal(await watched("firewall", "firewall netpol"), "firewall no-netpol");
  assert.equal(await watched("", "no-netpol"), "no-netpol");
  assert.equal(await watched("firewall netpol", "firewall no-netpol"), "firewall netpol");
  await sh(`${library("")}; echo '${table}' >$F/tables; rm $F/did; restore_tables`);
  assert.deepEqual(note(), [`nft delete ${table}`]);
  assert.ok(!existsSync(unit));
});

test("every script that a login runs by itself drops the login's proxies", () => {
  for (const script of ["lib/run.sh", "tools/check/check.sh", "tools/join/credential.sh", "tools/join/await-nodes.sh"]) {
    const text = readFileSync(`${hosts}${script}`, "utf8");
    assert.match(text, /for variable in \$\(compgen -e\); do[\s\S]{0,200}unset "\$variable"/, script);
  }
});
