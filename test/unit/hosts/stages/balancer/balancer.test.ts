import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import type { Cluster } from "../../../../../config/schema.ts";
import { renderStage } from "../../../../../hosts/stage.ts";
import { type BalancerStageArgs, balancerStage } from "../../../../../hosts/stages/balancer/balancer.ts";
import { priority, scriptFall } from "../../../../../hosts/stages/balancer/vrrp/keepalived.ts";
import { run } from "../../../../harness/process.ts";
import { clusterFrom } from "../../../../harness/samples.ts";
import { scratch } from "../../../../harness/scratch.ts";

function cluster(balancer: object = {}, api: object = {}): Cluster {
  return clusterFrom({
    name: "dev",
    provider: "baremetal",
    kubernetesVersion: "1.36.3",
    nodeCidrs: ["10.77.0.0/24"],
    hosts: { m1: { address: "10.77.0.11", roles: ["balancer"] } },
    api: { domainName: "api.dev.internal", address: "10.77.0.100", ...api },
    balancer,
  });
}
const three = [
  { name: "m1", address: "10.77.0.11" },
  { name: "m2", address: "10.77.0.12" },
  { name: "m3", address: "10.77.0.13" },
];
function stage(over: Partial<BalancerStageArgs> = {}) {
  return balancerStage({
    host: { name: "m1", address: "10.77.0.11" },
    owner: "dev/1",
    cluster: cluster(),
    virtualIp: "10.77.0.100",
    controlPlanes: three,
    balancerAddresses: three.map(({ address }) => address),
    authorityPem: "PEM",
    statisticsPassword: "Secret-123",
    ...over,
  });
}
const file = (made: ReturnType<typeof stage>, path: string) => made.files?.find((each) => each.path === path)?.content ?? "";
const haproxy = (over: Partial<BalancerStageArgs> = {}) => file(stage(over), "/etc/ha-kubernetes/haproxy.cfg");
const keepalived = (over: Partial<BalancerStageArgs> = {}) => file(stage(over), "/etc/ha-kubernetes/keepalived.conf");
const HEALTH = "/usr/local/lib/ha-kubernetes/balancer-health.sh";
/** The lines of one section. */
const section = (text: string, title: string) =>
  (text.split(/^(?=\S)/m).find((part) => part.startsWith(`${title}\n`)) ?? "")
    .split("\n")
    .slice(1)
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith("#"));

const asked = [
  "default-server check check-ssl verify required ca-file /etc/ha-kubernetes/kubernetes-ca.crt inter 1000 fastinter 500 downinter 500 fall 2 rise 2 tcp-ut 45s on-marked-down shutdown-sessions",
  "server m1 10.77.0.11:6443 check-sni m1 verifyhost m1",
  "server m2 10.77.0.12:6443 check-sni m2 verifyhost m2",
  "server m3 10.77.0.13:6443 check-sni m3 verifyhost m3",
];

test("haproxy asks each apiserver over TLS, verified by its name, ends the sessions of a dead one, and lets one that ends finish", () => {
  assert.deepEqual(section(haproxy(), "backend apiservers"), [
    "mode tcp",
    "option httpchk",
    "http-check send meth GET uri /readyz?exclude=etcd ver HTTP/1.1 hdr Host api.dev.internal",
    'http-check expect error-status L7OKC ! rstring "[[]-[]](shutdown|etcd-readiness) failed"',
    "http-check expect status 200",
    ...asked,
  ]);
  const defaults = section(haproxy(), "defaults");
  for (const line of [
    "option redispatch 1",
    "retries 3",
    "balance roundrobin",
    "timeout client 2h",
    "timeout server 2h",
    "timeout tunnel 2h",
  ]) {
    assert.ok(defaults.includes(line), line);
  }
  assert.ok(section(haproxy(), "frontend api").includes("bind :8443 tcp-ut 45s"));
});

test("while etcd stands still, apiservers that live are used, and a dead one's sessions end all the same", () => {
  const frontend = section(haproxy(), "frontend api");
  assert.deepEqual(frontend.slice(-2), ["use_backend alive if { nbsrv(apiservers) lt 1 }", "default_backend apiservers"]);
  assert.deepEqual(section(haproxy(), "backend alive"), [
    "mode tcp",
    "option httpchk",
    "http-check send meth GET uri /readyz?exclude=etcd&exclude=etcd-readiness ver HTTP/1.1 hdr Host api.dev.internal",
    'http-check expect error-status L7OKC ! string "[-]shutdown failed"',
    "http-check expect status 200",
    ...asked,
  ]);
});

test("the health answer: an apiserver, or a control plane that says it leaves", () => {
  const lines = section(haproxy(), "frontend statistics");
  assert.ok(lines.includes("bind :8404"));
  assert.ok(lines.includes("monitor-uri /health"));
  assert.ok(lines.includes("monitor fail if { nbsrv(apiservers) lt 1 } { nbsrv(alive) lt 1 } { nbsrv(leaving) lt 1 }"));
  assert.ok(lines.includes("use_backend leaving if { path /leaving }"));
  assert.deepEqual(
    section(haproxy(), "backend leaving").filter((line) => line.startsWith("server")),
    three.map(({ name, address }) => `server ${name} ${address}:2383`),
  );
});

test("the statistics password is in the secret file alone, and a strange one is refused without being named", () => {
  assert.ok(section(haproxy(), "frontend statistics").includes("stats auth admin:Secret-123"));
  const made = stage();
  const { create, undo } = renderStage(made);
  assert.doesNotMatch(create + undo, /Secret-123/);
  assert.deepEqual(
    made.files?.filter(({ content }) => content.includes("Secret-123")).map(({ path, mode }) => [path, mode]),
    [["/etc/ha-kubernetes/haproxy.cfg", "0600"]],
  );
  for (const statisticsPassword of ["", "white space", "line\nbreak", "quote'", "semi;colon", "dollar$HOME"]) {
    assert.throws(() => stage({ statisticsPassword }), {
      message: "the statistics password may hold letters, digits, - and _ only",
    });
  }
});

test("keepalived: VRRP 3 unicast to the others, all start as backups, and nobody takes the address back", () => {
  const text = keepalived();
  assert.deepEqual(section(text, "vrrp_instance api {").slice(0, 14), [
    ...["state BACKUP", "nopreempt", "interface $INTERFACE", "virtual_router_id 100", "priority 11", "advert_int 0.2"],
    ...[
      "unicast_src_ip 10.77.0.11",
      "check_unicast_src",
      "unicast_peer {",
      "10.77.0.12",
      "10.77.0.13",
      "include /etc/ha-kubernetes/keepalived-former.conf",
      "}",
      "garp_master_refresh 10",
    ],
  ]);
  assert.match(text, /virtual_ipaddress \{\n {4}10\.77\.0\.100\/32\n/);
  const global = section(text, "global_defs {");
  for (const line of ["vrrp_version 3", "enable_script_security", "script_user nobody"]) assert.ok(global.includes(line), line);
  const script = section(text, "vrrp_script haproxy {");
  assert.equal(script[0], `script "${HEALTH}"`);
  // No weight: a failed script means that the address is given up.
  assert.deepEqual(script.slice(1), ["interval 1", "timeout 2", "fall 3", "rise 1", "init_fail"]);
});

test("keepalived's script succeeds while /health is answered with 200, and fails for any other answer, for silence and for none", async () => {
  const answers = [
    "HTTP/1.1 200 OK",
    "HTTP/1.0 200 OK",
    "HTTP/1.1 503 Service Unavailable",
    "HTTP/1.1 404 Not Found",
    "",
    undefined,
  ];
  let answer: string | undefined;
  const asked: string[] = [];
  const server = createServer((socket) => {
    socket.on("data", (data) => {
      asked.push(String(data));
      if (answer !== undefined) socket.end(`${answer}\r\n\r\n`);
    });
    socket.on("error", () => {});
  }).unref();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const script = join(scratch(), "health.sh");
  writeFileSync(script, file(stage({ cluster: cluster({ statisticsPort: port }) }), HEALTH), { mode: 0o755 });
  const found: boolean[] = [];
  for (answer of answers) found.push((await run(script, [])).status === 0);
  assert.deepEqual(found, [true, true, false, false, false, false]);
  assert.equal(asked[0], "GET /health HTTP/1.0\r\n\r\n");
  await new Promise((resolve) => server.close(resolve));
  assert.notEqual((await run(script, [])).status, 0);
});

test("settings of the config reach the files", () => {
  const own = cluster({
    checkIntervalMilliseconds: 5000,
    advertisementIntervalMilliseconds: 1000,
    virtualRouterId: 7,
    statisticsPort: 9000,
  });
  assert.match(haproxy({ cluster: own }), /inter 5000 fastinter 2500 downinter 2500/);
  assert.match(haproxy({ cluster: own }), /bind :9000$/m);
  assert.match(keepalived({ cluster: own }), /virtual_router_id 7$/m);
  assert.match(keepalived({ cluster: own }), /advert_int 1$/m);
  assert.match(file(stage({ cluster: own }), HEALTH), /127\.0\.0\.1\/9000 /);
  assert.match(keepalived({ cluster: own }), /fall 11$/m);
  assert.equal(stage({ cluster: cluster({ interface: "bond0" }) }).settings?.INTERFACE, "bond0");
});

test("while the API moves both ports are bound and each address is held by itself", () => {
  const moving = cluster({}, { port: 9443, former: { address: "10.77.0.99", port: 8443 } });
  const made = stage({ cluster: moving });
  const frontend = section(file(made, "/etc/ha-kubernetes/haproxy.cfg"), "frontend api");
  assert.deepEqual(frontend.slice(1, 3), ["bind :9443 tcp-ut 45s", "bind :8443 tcp-ut 45s"]);
  const held = file(made, "/etc/ha-kubernetes/keepalived.conf");
  assert.deepEqual(
    [...held.matchAll(/vrrp_instance (\w+) \{[\s\S]*?virtual_router_id (\d+)[\s\S]*?virtual_ipaddress \{\n\s+(\S+)\n/g)].map(
      (it) => it.slice(1),
    ),
    [
      ["api", "100", "10.77.0.100/32"],
      ["former", "99", "10.77.0.99/32"],
    ],
  );
  const { API_PORT, FORMER_PORT, ADDRESSES } = made.settings ?? {};
  assert.deepEqual([API_PORT, FORMER_PORT, ADDRESSES], ["9443", "8443", "10.77.0.100 10.77.0.99"]);
  assert.equal(stage().settings?.ADDRESSES, undefined);
});

test("one address outside the cluster's networks gets a tenth of the connections at most", () => {
  assert.deepEqual(section(haproxy({ cluster: cluster({ maximumConnections: 5000 }) }), "frontend api").slice(2, 6), [
    "acl own src 10.77.0.0/24 10.244.0.0/16 127.0.0.0/8",
    "stick-table type ip size 100k expire 10m store conn_cur",
    "tcp-request connection track-sc0 src if !own",
    "tcp-request connection reject if { sc0_conn_cur gt 500 }",
  ]);
});

test("a balancer tells every client whose it is", () => {
  const line = 'http-request return status 200 content-type text/plain string "dev/1" if { path /owner }';
  assert.ok(section(haproxy(), "frontend statistics").includes(line));
});

test("a balancer that is alone has no peers and speaks to nobody", () => {
  const text = keepalived({ balancerAddresses: ["10.77.0.11"] });
  assert.doesNotMatch(text, /unicast/);
  assert.equal(stage({ balancerAddresses: [] }).settings?.PEERS, "");
});

test("keepalived gives an address up later than haproxy takes to find an apiserver dead", () => {
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 60000 }), (interval) => {
      // Two failures, the second asked sooner: 1.5 intervals.
      assert.ok(1000 * scriptFall(interval) > 1.5 * interval);
    }),
  );
});

test("priorities are VRRP's, distinct on one network, and another balancer changes nobody's", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 254 }), { minLength: 2, maxLength: 7 }), (bytes) => {
      const made = bytes.map((byte) => priority(`10.77.0.${byte}`));
      assert.ok(made.every((value) => value >= 1 && value <= 254));
      assert.equal(new Set(made).size, bytes.length);
    }),
  );
  assert.deepEqual([priority("10.0.1.0"), priority("10.0.0.255")], [1, 254]);
});

test("a virtual IP with an interface of its own is on that one and goes with it; VRRP stays where the host's address is", () => {
  const own = cluster({ interface: "front0" });
  const text = keepalived({ cluster: own });
  assert.match(text, /^ {4}10\.77\.0\.100\/32 dev \$VIRTUAL_INTERFACE$/m);
  assert.match(text, /track_interface \{\n {4}\$TRACKED_INTERFACE\n {2}\}/);
  assert.match(text, /^ {2}interface \$INTERFACE$/m);
  assert.doesNotMatch(keepalived(), /VIRTUAL_INTERFACE/);
  assert.equal(stage({ cluster: own }).settings?.INTERFACE, "front0");
  const { hosts } = own;
  const ofHost = { ...own, hosts: { m1: { ...(hosts.m1 as (typeof hosts)[string]), balancerInterface: "bond0" } } };
  assert.equal(stage({ cluster: ofHost }).settings?.INTERFACE, "bond0");
});

test("the order of the lists changes nothing; another balancer changes keepalived alone, another control plane haproxy alone", () => {
  const changed = (over: Partial<BalancerStageArgs>) => {
    const made = stage(over);
    return stage()
      .files?.filter(({ path, content }) => file(made, path) !== content)
      .map(({ path }) => path);
  };
  const reversed = { controlPlanes: [...three].reverse(), balancerAddresses: three.map(({ address }) => address).reverse() };
  assert.deepEqual(renderStage(stage(reversed)), renderStage(stage()));
  const m4 = { name: "m4", address: "10.77.0.14" };
  assert.deepEqual(changed({ balancerAddresses: [...three.map(({ address }) => address), m4.address] }), [
    "/etc/ha-kubernetes/keepalived.conf",
  ]);
  assert.deepEqual(changed({ controlPlanes: [m4, ...three] }), ["/etc/ha-kubernetes/haproxy.cfg"]);
});
