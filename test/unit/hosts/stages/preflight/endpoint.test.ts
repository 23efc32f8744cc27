import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { must } from "../../../../harness/process.ts";
import { scratch } from "../../../../harness/scratch.ts";

// How hosts follow the API to another place, and what they look at before.

const hosts = new URL("../../../../../hosts/", import.meta.url).pathname;

/** A folder in the place of the host's /etc, with these files; gone when the test ends. */
function folder(files: Readonly<Record<string, string>>): string {
  const directory = scratch();
  for (const name of ["ha-kubernetes", "kubernetes"]) mkdirSync(join(directory, name));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
  return directory;
}

interface Host {
  roles: string;
  address?: string;
  former?: string;
  ports?: string;
  /** Files on the host, by path below /etc. */
  files?: Readonly<Record<string, string>>;
  /** Stands in for the programs that are asked. */
  programs?: string;
}

/** The problems that preflight's checks of the endpoint name. */
async function problems({ roles, address, former, ports, files = {}, programs = "" }: Host): Promise<string[]> {
  const etc = folder(files);
  const script = `
    set -euo pipefail
    STAGE_NAME=preflight HOST_NAME=m1 OWNER=dev/1 ROLES="${roles}" STATISTICS_PORT=8404
    API_NAME=api.new API_ADDRESS=${address ?? "192.0.2.10"} FORMER_API="${former ?? ""}" PORTS="${ports ?? "8443:haproxy 8404:haproxy 6443:kube-apiserver"}"
    . ${hosts}lib/common.sh
    . ${hosts}lib/roles.sh; . ${hosts}lib/findings.sh
    . <(sed 's|/etc/\\(ha-\\)\\?kubernetes|${etc}&|g; s|${etc}/etc|${etc}|g' ${hosts}stages/preflight/lib-endpoint.sh)
    ${programs}
    ask_for_api_address; check_api_move; check_api_address
    [ \${#PROBLEMS[@]} -eq 0 ] || printf '%s\\n' "\${PROBLEMS[@]}"`;
  return (await must("bash", ["-c", script])).split("\n").filter((line) => line !== "");
}

const lines = (...entries: string[]) => [...entries, "192.0.2.11 m1"].map((line) => `${line} # ha-kubernetes\n`).join("");
const bound = (...ports: number[]) =>
  `frontend api\n  mode tcp\n${ports.map((port) => `  bind :${port} tcp-ut 45s\n`).join("")}\nfrontend statistics\n  bind :8404\n`;
/** One that answers for the address, and what its statistics port says. */
const neighbor = (owner: string, health = "000") => `
  ip() {
    case "$*" in
      *"route get"*) echo "192.0.2.10 dev eth0 src 192.0.2.11" ;;
      *flush*) ;;
      *neighbor*) echo "192.0.2.10 dev eth0 lladdr 02:00:00:00:00:99 REACHABLE" ;;
      *) echo "2: eth0 inet 192.0.2.11/24" ;;
    esac
  }
  curl() { case "$*" in */owner) ${owner === "" ? "return 22" : `echo ${owner}`} ;; *) echo ${health} ;; esac; }`;

const cure = (key: string, was: string | number) =>
  `clients of this cluster look for the API at ${was}, which the config no longer has: set cluster.api.former.${key}: ${was}, run up, and delete it in the next edit`;

test("a jump to another name, address or port is refused on the hosts, a move by steps is not", async () => {
  const roles = "balancer control-plane";
  const here = (hosts: string, ...ports: number[]) => ({
    "ha-kubernetes/hosts": hosts,
    "ha-kubernetes/haproxy.cfg": bound(...ports),
  });
  const told = (files: Host["files"], more: Partial<Host> = {}) => problems({ roles, files, ...more });
  assert.deepEqual(await told(here(lines("192.0.2.10 api.new"), 8443)), []);
  const nginx = { ports: "8443:nginx 8404:nginx 6443:kube-apiserver" };
  assert.deepEqual(await told(here(lines("192.0.2.10 api.new"), 8443), nginx), []);
  const lvs = { ports: "8443:ip_vs 8404:socat 6443:kube-apiserver" };
  assert.deepEqual(await told(here(lines("192.0.2.10 api.new"), 8443), lvs), []);
  assert.deepEqual(await told(here(lines("192.0.2.10 api.new"), 9443), nginx), [cure("port", 9443)]);
  assert.deepEqual(await told(here(lines("192.0.2.10 api.old"), 8443)), [cure("domainName", "api.old")]);
  assert.deepEqual(await told(here(lines("192.0.2.10 api.old"), 8443), { former: "api.old" }), []);
  assert.deepEqual(await told(here(lines("192.0.2.9 api.new"), 9443), { programs: neighbor("dev/1") }), [
    cure("address", "192.0.2.9"),
    cure("port", 9443),
  ]);
  const both = lines("192.0.2.9 api.new", "192.0.2.10 api.new", "192.0.2.9 api.old", "192.0.2.10 api.old");
  assert.deepEqual(await told(here(both, 8443, 9443)), []);
  assert.deepEqual(await problems({ roles: "worker", files: { "ha-kubernetes/hosts": lines("192.0.2.10 api.old") } }), [
    cure("domainName", "api.old"),
  ]);
  // A move that was cut short, and an edit that forgets it: some kubelets went on, some did not.
  const worker = (asks: string, name: string) =>
    problems({
      roles: "worker",
      files: {
        "ha-kubernetes/hosts": lines(`192.0.2.10 ${name}`, "192.0.2.10 api.new"),
        "kubernetes/kubelet.conf": `clusters:\n- cluster:\n    server: https://${asks}:8443\n`,
      },
    });
  assert.deepEqual(await worker("api.new", "api.old"), []);
  assert.deepEqual(await worker("api.old", "api.old"), [cure("domainName", "api.old")]);
  assert.deepEqual(await worker("api.gone", "api.old"), []);
  // Name servers know it.
  assert.deepEqual(await told({ "ha-kubernetes/hosts": lines() }, { address: "''" }), []);
});

test("an address that somebody else answers for is named with who does; this cluster's own balancers are not", async () => {
  const roles = "balancer";
  const taken =
    "the API's address 192.0.2.10 is in use: 02:00:00:00:00:99 answers for it. Set cluster.api.address to a free one, or take it from that machine";
  assert.deepEqual(await problems({ roles, programs: neighbor("") }), [taken]);
  assert.deepEqual(await problems({ roles, programs: neighbor("other/2", "200") }), [taken]);
  assert.deepEqual(await problems({ roles, programs: neighbor("dev/1") }), []);
  // Of a release that does not say whose it is.
  assert.deepEqual(await problems({ roles, programs: neighbor("", "503") }), []);
  // Where it is known already, nobody is asked.
  const files = { "ha-kubernetes/hosts": lines("192.0.2.10 api.new") };
  assert.deepEqual(await problems({ roles, files, programs: neighbor("") }), []);
  assert.deepEqual(await problems({ roles: "worker", programs: neighbor("") }), []);
  const silent = neighbor("").replace(/echo "192.0.2.10 dev eth0 lladdr.*"/, 'echo "192.0.2.10 dev eth0 INCOMPLETE"');
  assert.deepEqual(await problems({ roles, programs: silent }), []);
});

/** What a worker does whose kubelet asks `now`, and its kubeconfig afterwards. */
async function follow(now: string, answering: string): Promise<{ done: string[]; server: string }> {
  const etc = folder({ "kubelet.conf": `clusters:\n- cluster:\n    server: ${now}\n` });
  const script = `
    set -euo pipefail
    STAGE_NAME=worker HOST_NAME=w1 API_URL=https://api.new:9443 API_ADDRESS=192.0.2.10 POOL=general MAX_UNAVAILABLE=1 KUBERNETES_PKI=/pki
    . ${hosts}lib/common.sh; . ${hosts}lib/files.sh; . <(sed 's|/etc/kubernetes|${etc}|' ${hosts}lib/api.sh); . ${hosts}stages/worker/lib-endpoint.sh
    api_as_kubelet
    curl() { [[ " ${answering} " == *" \${!#} "* ]]; }
    with_pool_turn() { echo "turn \${1%-*}" >&3; shift; "$@"; }
    forget_started() { echo "forget $(api_server)" >&3; }
    start_kubelet() { echo "start $(api_server)" >&3; }
    renewed_since() { :; }
    write_file() { cat >"$3.new"; mv "$3.new" "$3"; }
    follow_api 3>&1 >/dev/null 2>&1`;
  const said = await must("bash", ["-c", script]);
  const server = /server: (.*)/.exec(readFileSync(join(etc, "kubelet.conf"), "utf8"))?.[1] ?? "";
  return { done: said.split("\n").filter((line) => line !== ""), server };
}

test("a kubelet goes to another place in a turn, once it answers there; without one where the old place is gone", async () => {
  const [was, is] = ["https://api.old:8443", "https://api.new:9443"];
  const steps = [`forget ${was}`, `start ${is}`];
  const live = [is, was].map((url) => `${url}/livez`).join(" ");
  assert.deepEqual(await follow(was, live), { done: ["turn api", ...steps], server: is });
  assert.deepEqual(await follow(was, `${is}/livez`), { done: steps, server: is });
  assert.deepEqual(await follow(is, ""), { done: [], server: is });
});

/** The problems of a balancer whose address is on this link; `details` are what `ip -d` says of it. */
async function ofLink(details: string, balancer = "haproxy keepalived"): Promise<string> {
  const script = `
    HOST_ADDRESS=192.0.2.11 BALANCER="${balancer}"; problem() { echo "$*"; }
    ip() { case "$*" in *address*) echo "4: inner0    inet 192.0.2.11/24 brd 192.0.2.255" ;; *"dev inner0") echo "4: inner0: <UP> mtu 1500 ${details}" ;; esac; }
    . ${hosts}stages/preflight/lib-endpoint.sh
    check_vrrp_link`;
  return (await must("bash", ["-euc", script])).trim();
}

test("a balancer's address on a macvlan or an ipvlan is refused where keepalived would know the interface below it", async () => {
  assert.match(
    await ofLink("promiscuity 0 macvlan mode bridge bcqueuelen 1000"),
    /^192\.0\.2\.11 is on inner0, which is macvlan, .* or take another host/,
  );
  assert.match(await ofLink("promiscuity 0 ipvlan  mode l2 bridge"), /on inner0, which is ipvlan,/);
  assert.equal(await ofLink("link-netnsid 0 promiscuity 0 macvlan mode bridge"), "");
  assert.equal(await ofLink("promiscuity 0 veth addrgenmode eui64"), "");
  assert.equal(await ofLink("promiscuity 0 vlan protocol 802.1Q id 10 <REORDER_HDR>"), "");
  assert.equal(await ofLink("promiscuity 0 macvlan mode bridge", "haproxy vtysh"), "");
  assert.equal(await ofLink("promiscuity 0 macvlan mode bridge", ""), "");
});
