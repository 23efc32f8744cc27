import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { ports } from "../../../../../config/ports.ts";
import type { Cluster, Role } from "../../../../../config/schema.ts";
import { renderStage, type Stage } from "../../../../../hosts/stage.ts";
import { type PrepareStageArgs, prepareStage } from "../../../../../hosts/stages/prepare/prepare.ts";
import { modules, sysctlPath, sysctls } from "../../../../../hosts/stages/prepare/system/kernel.ts";
import { clusterFrom } from "../../../../harness/samples.ts";
import { scratch } from "../../../../harness/scratch.ts";

function cluster(over: object = {}): Cluster {
  return clusterFrom({
    name: "dev",
    provider: "baremetal",
    kubernetesVersion: "1.36.3",
    nodeCidrs: ["10.77.0.0/24"],
    hosts: { m1: { address: "10.77.0.11", roles: ["etcd", "balancer", "control-plane"] } },
    api: { domainName: "api.dev.internal", address: "10.77.0.100" },
    ...over,
  });
}
const versions = { containerd: "2.3.4", runc: "1.4.3", cniPlugins: "1.9.1", pause: "3.10.2" };
function stage(roles: readonly Role[], over: object = {}, more: Partial<PrepareStageArgs> = {}): Stage {
  const host = { name: "m1", address: "10.77.0.11", roles };
  return prepareStage({
    host,
    owner: "dev/1",
    cluster: cluster(over),
    apiAddress: "10.77.0.100",
    artifactList: "binary\n",
    versions,
    ...more,
  });
}
const file = ({ files }: Stage, path: string) => files?.find((each) => each.path === path)?.content;
const firewall = (roles: readonly Role[], over: object = {}) => file(stage(roles, over), "/etc/ha-kubernetes/firewall.nft") ?? "";

test("the port table by role: who listens, and who may come in", () => {
  const table = (roles: readonly Role[], over: object = {}) =>
    ports(roles, cluster(over)).map((port) => `${port.number}/${port.protocol} ${port.program} ${port.source}`);
  assert.deepEqual(table(["etcd"]), ["2379/tcp etcd nodes", "2380/tcp etcd nodes"]);
  assert.deepEqual(table(["balancer"], { balancer: { statisticsPort: 9000 } }), [
    "8443/tcp haproxy anyone",
    "9000/tcp haproxy nodes",
  ]);
  const worker = ["8472/udp  nodes", "10250/tcp kubelet nodes and pods", "10256/tcp kube-proxy nodes and pods"];
  assert.deepEqual(table(["worker"]), worker);
  assert.deepEqual(
    table(["control-plane"]).filter((line) => !worker.includes(line)),
    [
      "2383/tcp systemd nodes",
      "6443/tcp kube-apiserver nodes and pods",
      "10257/tcp kube-controller nodes and pods",
      "10259/tcp kube-scheduler nodes and pods",
    ],
  );
  assert.ok(table(["control-plane"], { balancer: { kind: "external" } }).includes("6443/tcp kube-apiserver anyone"));
});

test("ports, modules and checks follow the pod network and kube-proxy", () => {
  const numbers = (network: object) =>
    ports(["worker"], cluster({ network })).map(({ number, protocol }) => `${number}/${protocol}`);
  assert.deepEqual(numbers({ flannel: { port: 4789 } }), ["4789/udp", "10250/tcp", "10256/tcp"]);
  assert.deepEqual(numbers({ flannel: { backend: "host-gw" } }), ["10250/tcp", "10256/tcp"]);
  assert.deepEqual(numbers({ flannel: { backend: "wireguard" } }), ["10250/tcp", "10256/tcp", "51820/udp"]);
  assert.deepEqual(numbers({ plugin: "none", kubeProxyMode: "none" }), ["8472/udp", "10250/tcp"]);
  const link = (network: object) => {
    const { POD_LINK, POD_PORT } = stage(["worker"], { network }).settings ?? {};
    return [POD_LINK, POD_PORT];
  };
  assert.deepEqual(link({}), ["vxlan", undefined]);
  assert.deepEqual(link({ flannel: { port: 4789 } }), ["vxlan", "4789"]);
  assert.deepEqual(link({ flannel: { backend: "wireguard" } }), ["wireguard", "51820"]);
  assert.deepEqual(link({ flannel: { backend: "host-gw" } }), ["", undefined]);
  const loaded = (network: object) =>
    modules(["worker"], cluster({ network })).filter((name) => /vxlan|wireguard|ip_vs/.test(name));
  assert.deepEqual(loaded({ flannel: { backend: "wireguard" } }), ["wireguard"]);
  const policies = modules(["worker"], cluster({ addons: { networkPolicies: true } }));
  assert.deepEqual(policies.slice(-2), ["nfnetlink_queue", "nft_queue"]);
  assert.deepEqual(loaded({ plugin: "none", kubeProxyMode: "ipvs", ipvs: { scheduler: "lc" } }), [
    "ip_vs",
    "ip_vs_rr",
    "ip_vs_sh",
    "ip_vs_wrr",
    "ip_vs_lc",
  ]);
});

test("a node's checksums are computed by the kernel where the config says so", () => {
  const rules = "/etc/udev/rules.d/70-ha-kubernetes-flannel.rules";
  const off = { network: { flannel: { checksumOffload: false } } };
  assert.match(file(stage(["worker"], off), rules) ?? "", /ethtool -K flannel\.1 tx-checksum-ip-generic off/);
  assert.equal(file(stage(["worker"]), rules), undefined);
  assert.equal(file(stage(["etcd"], off), rules), undefined);
});

test("the firewall closes the port table and nothing else", () => {
  const text = firewall(["etcd", "balancer", "control-plane"], { nodeCidrs: ["10.79.0.0/24", "10.77.0.0/24"] });
  const rules = text
    .slice(text.indexOf("policy accept;"))
    .split("\n")
    .slice(1, -3)
    .map((line) => line.trim());
  assert.match(text, /^table inet ha_kubernetes\ndelete table inet ha_kubernetes\ntable inet ha_kubernetes \{$/m);
  assert.doesNotMatch(text, /^ *(set|map) |vmap/m, "what nft 1.1.3 writes of these ends nft 1.0.6 in kube-proxy's image");
  assert.deepEqual(rules, [
    "iif lo accept",
    "ct state established,related accept",
    "meta l4proto { icmp, ipv6-icmp } accept",
    "ip saddr { 10.77.0.0/24, 10.79.0.0/24 } accept",
    "ip daddr 10.96.0.0/16 accept",
    "ip saddr 10.244.0.0/16 tcp dport { 6443, 10250, 10256, 10257, 10259 } accept",
    "tcp dport { 2379, 2380, 2383, 6443, 8404, 10250, 10256, 10257, 10259 } drop",
    "udp dport { 8472 } drop",
    "meta l4proto vrrp drop",
  ]);
  assert.doesNotMatch(firewall(["worker"]), /vrrp|6443|2379/);
  assert.doesNotMatch(firewall(["etcd"]), /udp|10\.244/);
  const nested = firewall(["etcd"], { nodeCidrs: ["10.79.1.0/24", "10.79.0.0/16", "10.77.0.0/24", "10.79.0.0/16"] });
  assert.match(nested, /ip saddr \{ 10\.77\.0\.0\/24, 10\.79\.0\.0\/16 \} accept/);
});

test("the firewall drops new connections from lost hosts and lets their answers in", () => {
  const m2 = { address: "10.77.0.12", roles: ["etcd"], lost: true };
  const lines = firewall(["etcd", "control-plane"], { hosts: { m2 } })
    .split("\n")
    .map((line) => line.trim());
  const drop = lines.indexOf("ip saddr { 10.77.0.12 } drop");
  assert.ok(drop > lines.indexOf("ct state established,related accept"));
  assert.ok(drop < lines.findIndex((line) => /^ip saddr \{ \S+\/24 \} accept$/.test(line)));
  assert.equal(lines.filter((line) => line.includes("10.77.0.12")).length, 1);
  // A lost host changes nothing on workers.
  assert.doesNotMatch(firewall(["worker"], { hosts: { m2 } }), /10\.77\.0\.12/);
});

test("policy drop lets in SSH, public ports, pods and allowed ports; NodePorts are judged before they lead elsewhere", () => {
  const drop = {
    policy: "drop",
    allow: [
      { port: 9100, lastPort: 9102, from: ["10.9.0.0/16"] },
      { port: 53, protocol: "udp" },
    ],
  };
  const m1 = { address: "10.77.0.11", roles: ["balancer", "worker"], sshPort: 2222 };
  const text = firewall(["balancer", "worker"], { hosts: { m1 }, hostPreparation: { firewall: drop } });
  const [guard = "", rest = ""] = text.slice(text.indexOf("chain guard {")).split("\n  }\n", 2);
  const lines = guard.split("\n").map((line) => line.trim());
  assert.deepEqual(lines.slice(lines.indexOf("ip saddr { 10.9.0.0/16 } tcp dport 9100-9102 accept")), [
    "ip saddr { 10.9.0.0/16 } tcp dport 9100-9102 accept",
    "udp dport 53 accept",
    "tcp dport { 8404, 10250, 10256 } drop",
    "udp dport { 8472 } drop",
    "meta l4proto vrrp drop",
    "ct status dnat accept",
    "ip saddr 10.244.0.0/16 accept",
    "udp sport 67 udp dport 68 accept",
    "ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept",
    "tcp dport { 2222, 8443 } accept",
    "meta l4proto { tcp, udp } th dport 30000-32767 accept",
    "drop",
  ]);
  assert.match(rest, /hook prerouting priority dstnat - 10; policy accept;\n {4}fib daddr type local jump guard$/);
  assert.match(text, /hook input priority filter; policy accept;\n {4}jump guard\n/);
  const nodes = { ...drop, nodePorts: "nodes" };
  assert.doesNotMatch(firewall(["worker"], { hosts: { m1 }, hostPreparation: { firewall: nodes } }), /30000/);
  const made = stage(["balancer", "worker"], { hosts: { m1 }, hostPreparation: { firewall: drop } });
  assert.equal(made.settings?.SSH_PORT, "2222");
  assert.equal(made.inputs?.openings, "tcp 8443 8443 any\ntcp 9100 9102 10.9.0.0/16\nudp 53 53 any\n");
});

test("a routed address opens FRR's ports to its routers alone, by each port's protocol", () => {
  const peers = ["10.0.0.2", "10.0.0.1"].map((address) => ({ address, asn: 64513 }));
  const balancer = { address: "routed", interface: "eth0", routed: { protocol: "bgp", asn: 64512, peers } };
  const drop = { hostPreparation: { firewall: { policy: "drop" } } };
  const lines = (config: object) =>
    firewall(["balancer"], config)
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => /routed|179|3784|ospf|8443/.test(line));
  const bgp = ["ip saddr { 10.0.0.1, 10.0.0.2 } tcp dport 179 accept", "ip saddr { 10.0.0.1, 10.0.0.2 } udp dport 3784 accept"];
  const closed = ["tcp dport { 179, 8404 } drop", "udp dport { 3784 } drop"];
  assert.deepEqual(lines({ balancer }), [...bgp, ...closed]);
  assert.deepEqual(lines({ balancer, ...drop }), [...bgp, ...closed, "tcp dport { 22, 8443 } accept"]);
  const ospf = { ...balancer, routed: { protocol: "ospf" } };
  assert.deepEqual(lines({ balancer: ospf, ...drop }), [
    "ip protocol ospf accept",
    "ip ttl 255 udp dport 3784 accept",
    "udp dport { 3784 } drop",
    "tcp dport { 22, 8443 } accept",
  ]);
  assert.equal(
    stage(["balancer"], { balancer }).inputs?.openings,
    "tcp 179 179 10.0.0.1\ntcp 179 179 10.0.0.2\nudp 3784 3784 10.0.0.1\nudp 3784 3784 10.0.0.2\ntcp 8443 8443 any\n",
  );
});

test("true and false stand for the firewall alone, and the default policy has no guard", () => {
  assert.equal(firewall(["etcd"], { hostPreparation: { firewall: true } }), firewall(["etcd"]));
  assert.equal(firewall(["etcd"], { hostPreparation: { firewall: false } }), "");
  assert.doesNotMatch(firewall(["etcd"]), /guard|prerouting/);
});

test("a host's own preparation stands in place of the cluster's, key by key; sysctls are added", () => {
  const m1 = { address: "10.77.0.11", roles: ["etcd"], hostPreparation: { swap: false, extraSysctl: { "vm.swappiness": "1" } } };
  const made = stage(["etcd"], { hosts: { m1 }, hostPreparation: { timeZone: "UTC", extraSysctl: { "fs.file-max": "9" } } });
  assert.equal(made.settings?.PREPARATIONS, "host_name packages time_zone journal modules sysctl firewall time_sync");
  assert.equal(made.inputs?.sysctl, "fs/file-max 9\nkernel/panic 10\nkernel/panic_on_oops 1\nvm/swappiness 1\n");
});

test("items that are asked for: settings, names of all hosts, and the journal's limits", () => {
  const hosts = {
    m1: { address: "10.77.0.11", roles: ["etcd"] },
    w1: { address: "10.77.0.21", roles: ["worker"], pool: "p" },
    w2: { address: "10.77.0.22", roles: ["worker"], pool: "p", lost: true },
  };
  const hostPreparation = {
    ...{ hostsFile: "all", extraPackages: ["sysstat"], extraModules: ["ip_vs", "overlay"], timeServers: ["10.77.0.1"] },
    ...{
      timeService: "keep",
      disabledServices: ["postfix", "cups.socket"],
      hugePages: { "2Mi": 64, "1Gi": 1 },
      clockInUtc: true,
    },
    journal: {
      maxUse: "10G",
      maxFileSize: "200M",
      retention: "2week",
      storage: "persistent",
      rateLimitBurst: 0,
      forwardToSyslog: false,
    },
  };
  const made = stage(["etcd"], { hosts, hostPreparation });
  assert.match(made.settings?.PREPARATIONS ?? "", / time_sync services_off huge_pages clock_in_utc$/);
  const { SERVICES_OFF, HUGE_PAGES, TIME_SERVERS, TIME_SERVICE, MODULES, PACKAGES } = made.settings ?? {};
  assert.deepEqual(
    [SERVICES_OFF, HUGE_PAGES, TIME_SERVERS, TIME_SERVICE, MODULES],
    ["postfix.service cups.socket", "hugepages-2048kB 64 hugepages-1048576kB 1", "10.77.0.1", "keep", "ip_vs overlay"],
  );
  assert.match(PACKAGES ?? "", / sysstat$/);
  assert.match(
    stage(["worker"], { hosts, hostPreparation }).settings?.MODULES ?? "",
    /^br_netfilter nf_conntrack overlay vxlan ip_vs$/,
  );
  assert.match(
    file(made, "/etc/ha-kubernetes/hosts") ?? "",
    /\n10\.77\.0\.11 m1 # ha-kubernetes\n10\.77\.0\.21 w1 # ha-kubernetes\n$/,
  );
  assert.equal(
    file(made, "/etc/systemd/journald.conf.d/ha-kubernetes.conf"),
    "[Journal]\nSystemMaxUse=10G\nSystemMaxFileSize=200M\nMaxRetentionSec=2week\nStorage=persistent\nRateLimitBurst=0\nForwardToSyslog=no\n",
  );
});

test("a switch that is off takes its files and its part of the script away", () => {
  const all = stage(["worker"]);
  const none = stage(["worker"], {
    hostPreparation: {
      ...{ hostName: false, packages: false, swap: false, modules: false },
      ...{ sysctl: false, firewall: false, timeSync: false, journalLimit: false },
    },
  });
  assert.equal(all.settings?.PREPARATIONS, "host_name packages journal modules sysctl swap firewall time_sync");
  assert.equal(none.settings?.PREPARATIONS, "");
  const gone = all.files?.map(({ path }) => path).filter((path) => file(none, path) === undefined);
  assert.deepEqual(gone, [
    "/etc/ha-kubernetes/firewall.nft",
    "/etc/systemd/system/ha-kubernetes-firewall.service",
    "/etc/systemd/journald.conf.d/ha-kubernetes.conf",
  ]);
  assert.equal(stage(["worker"], { hostPreparation: { timeZone: "UTC" } }).settings?.TIME_ZONE, "UTC");
});

test("packages by role, and only those", () => {
  const packages = (roles: readonly Role[], over: object = {}) => stage(roles, over).settings?.PACKAGES?.split(" ") ?? [];
  assert.deepEqual(packages(["etcd"]), ["ca-certificates", "chrony", "curl", "iproute2", "kmod", "nftables", "procps"]);
  assert.ok(packages(["balancer"]).includes("keepalived") && !packages(["balancer"]).includes("conntrack"));
  assert.ok(packages(["worker"]).includes("conntrack") && !packages(["worker"]).includes("haproxy"));
  assert.ok(
    !packages(["worker"]).includes("ipset") && packages(["worker"], { network: { kubeProxyMode: "ipvs" } }).includes("ipset"),
  );
  assert.ok(!packages(["etcd"], { hostPreparation: { timeSync: false } }).includes("chrony"));
});

test("hosts without pods get no container runtime", () => {
  for (const roles of [["etcd"], ["balancer"], ["etcd", "balancer"]] as Role[][]) {
    const { files, settings, versions } = stage(roles);
    assert.ok(!files?.some(({ path }) => path.includes("containerd")));
    assert.equal(settings?.CONTAINERD_VERSION, "");
    assert.equal(settings?.MODULES, "");
    assert.deepEqual(versions, {});
  }
  assert.equal(
    stage(["worker"], { network: { kubeProxyMode: "ipvs" } }).settings?.MODULES,
    "br_netfilter nf_conntrack overlay vxlan ip_vs ip_vs_rr ip_vs_sh ip_vs_wrr",
  );
});

test("containerd's configuration pins the pause image and leaves the host's own part to a drop-in", () => {
  const text = file(stage(["worker"]), "/etc/containerd/config.toml") ?? "";
  assert.match(text, /^version = 3$/m);
  assert.match(text, /^imports = \['\/etc\/containerd\/conf\.d\/\*\.toml'\]$/m);
  assert.match(text, /pinned_images\]\n {2}sandbox = 'registry\.k8s\.io\/pause:3\.10\.2'/);
  assert.match(text, /registry\]\n {2}config_path = '\/etc\/containerd\/certs\.d'/);
  // A value that is false in an imported file would not win over true in this one.
  assert.doesNotMatch(text, /SystemdCgroup/);
});

test("a mirror whose path names the version of the API itself is asked below that path alone", () => {
  const made = stage(["worker"], {
    containerRuntime: { registryMirrors: { "docker.io": ["https://harbor.example.com/v2/hub", "https://m.example.com/hub"] } },
  });
  assert.equal(
    file(made, "/etc/containerd/certs.d/docker.io/hosts.toml"),
    `server = 'https://registry-1.docker.io'

[host.'https://harbor.example.com/v2/hub']
  capabilities = ['pull', 'resolve']
  override_path = true

[host.'https://m.example.com/hub']
  capabilities = ['pull', 'resolve']
`,
  );
});

test("registry mirrors and insecure registries, each in its own file", () => {
  const made = stage(["worker"], {
    containerRuntime: {
      registryMirrors: { "docker.io": ["https://mirror.example.com", "http://cache.example.com:5000"] },
      insecureRegistries: ["registry.example.com:5000", "mirror.example.com"],
    },
  });
  const at = (registry: string) => file(made, `/etc/containerd/certs.d/${registry}/hosts.toml`);
  assert.equal(
    at("docker.io"),
    `server = 'https://registry-1.docker.io'

[host.'https://mirror.example.com']
  capabilities = ['pull', 'resolve']
  skip_verify = true

[host.'http://cache.example.com:5000']
  capabilities = ['pull', 'resolve']
`,
  );
  assert.equal(
    at("registry.example.com:5000"),
    `server = 'https://registry.example.com:5000'

[host.'https://registry.example.com:5000']
  capabilities = ['pull', 'resolve']
  skip_verify = true

[host.'http://registry.example.com:5000']
  capabilities = ['pull', 'resolve']
  skip_verify = true
`,
  );
});

test("sysctls: the first separator decides what the others mean", () => {
  assert.equal(sysctlPath("net.core.somaxconn"), "net/core/somaxconn");
  assert.equal(sysctlPath("net.ipv4.conf.eth0/100.rp_filter"), "net/ipv4/conf/eth0.100/rp_filter");
  assert.equal(sysctlPath("net/ipv4/conf/eth0.100/rp_filter"), "net/ipv4/conf/eth0.100/rp_filter");
  const own = cluster({ hostPreparation: { extraSysctl: { "net/ipv4/ip_forward": "0", "vm.swappiness": "10" } } });
  const values = Object.fromEntries(sysctls(["worker"], own));
  assert.equal(values["net/ipv4/ip_forward"], "0");
  assert.equal(values["vm/swappiness"], "10");
  assert.deepEqual(sysctls(["etcd"], cluster()), [
    ["kernel/panic", "10"],
    ["kernel/panic_on_oops", "1"],
  ]);
});

test("another host of the cluster changes nothing here, and the order of roles neither", () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/).filter((text) => text !== "m1");
  const before = renderStage(stage(["etcd", "worker"]));
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 5 }), (names) => {
      const hosts = Object.fromEntries(
        names.map((each, i) => [each, { address: `10.77.0.${20 + i}`, roles: ["worker"], pool: "p" }]),
      );
      assert.deepEqual(renderStage(stage(["worker", "etcd"], { hosts })), before);
    }),
    { numRuns: 20 },
  );
});

test("the original is saved once; a file is written, and a service stale, only when something differs", () => {
  const home = scratch();
  const lib = new URL("../../../../../hosts/lib/", import.meta.url).pathname;
  const script = `set -euo pipefail
    HOME_DIR=$1 STAGE_NAME=prepare STAGE=$1
    did_write() { echo "did wrote $*"; }
    systemctl() { true; }
    durable() { :; }
    stat() { command stat "$@" | sed 's/ .*:.*/ root:root/'; }
    . ${lib}files.sh; . ${lib}saved.sh
    save value <<<first; save value <<<second; saved value
    forget value; is_saved value || echo forgotten
    for i in 1 2; do printf 'a\\n\\n' | put_file 0640 "$1/file"; done; od -An -c "$1/file" | tr -s ' '; stat -c %a "$1/file"
    stale unit:part "$1/file" && echo stale
    started unit:part "$1/file"; stale unit:part "$1/file" || echo fresh
    echo more >>"$1/file"; stale unit:part "$1/file" && echo stale again
    forget_saved; forget_started unit:part; ls "$1"`;
  const { stdout, stderr } = spawnSync("bash", ["-c", script, "bash", home], { encoding: "utf8" });
  assert.equal(stderr, "");
  assert.deepEqual(stdout.replaceAll(home, "").trim().split("\n"), [
    ...["first", "forgotten", "did wrote /file", " a \\n \\n", "640", "stale", "fresh", "stale again", "file"],
  ]);
});

test("while the API moves, each of its names is at both addresses, the former one first: it is served all the time", () => {
  const api = { domainName: "k8s.dev.internal", address: "10.77.0.101", port: 9443 };
  const former = { domainName: "api.dev.internal", address: "10.77.0.100", port: 8443 };
  const moving = stage(["balancer"], { api: { ...api, former } }, { apiAddress: "10.77.0.101" });
  assert.deepEqual(file(moving, "/etc/ha-kubernetes/hosts")?.split("\n"), [
    "10.77.0.100 k8s.dev.internal # ha-kubernetes",
    "10.77.0.101 k8s.dev.internal # ha-kubernetes",
    "10.77.0.100 api.dev.internal # ha-kubernetes",
    "10.77.0.101 api.dev.internal # ha-kubernetes",
    "10.77.0.11 m1 # ha-kubernetes",
    "",
  ]);
  const calm = stage(["worker"]);
  assert.equal(
    file(calm, "/etc/ha-kubernetes/hosts"),
    "10.77.0.100 api.dev.internal # ha-kubernetes\n10.77.0.11 m1 # ha-kubernetes\n",
  );
});

test("policy drop lets in the range of NodePorts that the apiserver is given", () => {
  const drop = { hostPreparation: { firewall: { policy: "drop" } } };
  const at = (range: string) =>
    firewall(["worker"], {
      ...drop,
      api: { domainName: "api.dev.internal", address: "10.77.0.100", extraArgs: { "service-node-port-range": range } },
    });
  assert.match(firewall(["worker"], drop), /th dport 30000-32767 accept/);
  assert.match(at("20000+999"), /th dport 20000-20999 accept/);
  assert.match(at("31000"), /th dport 31000 accept/);
});
