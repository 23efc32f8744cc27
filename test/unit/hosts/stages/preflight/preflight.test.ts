import assert from "node:assert/strict";
import { test } from "node:test";
import type { Role } from "../../../../../config/schema.ts";
import { renderStage } from "../../../../../hosts/stage.ts";
import { refusal, sameMachines } from "../../../../../hosts/stages/preflight/answers.ts";
import { preflightStage, sourcesIn } from "../../../../../hosts/stages/preflight/preflight.ts";
import { clusterFrom } from "../../../../harness/samples.ts";

const base = {
  name: "dev",
  provider: "baremetal",
  kubernetesVersion: "1.36.3",
  nodeCidrs: ["10.77.0.0/24"],
  hosts: { m1: { address: "10.77.0.11", roles: ["etcd", "balancer", "control-plane"] } },
  api: { domainName: "api.dev.internal", address: "10.77.0.100" },
};
const stage = (roles: readonly Role[], over: object = {}, sources: string[] = []) =>
  preflightStage({
    host: { name: "m1", address: "10.77.0.11", roles, architecture: "amd64" },
    owner: "dev/1",
    cluster: clusterFrom({ ...base, ...over }),
    apiAddress: "10.77.0.100",
    sources,
  });
/** What a host that was looked at before is told: the same text runs nothing. */
const told = (...args: Parameters<typeof stage>) => {
  const { update, stdin } = renderStage(stage(...args));
  return `${update} ${stdin}`;
};

test("an edit of what preflight does not look at leaves its text as it is, on every host", () => {
  const all: Role[] = ["etcd", "balancer", "control-plane"];
  const before = told(all);
  for (const over of [
    { kubernetesVersion: "1.36.1" },
    { kubelet: { maxPods: 50 } },
    { drain: { timeoutSeconds: 5 } },
    { hostPreparation: { timeZone: "UTC", journalLimit: false, extraSysctl: { "vm.swappiness": "1" } } },
    { hosts: { ...base.hosts, w9: { address: "10.77.0.29", roles: ["worker"], pool: "p" } }, pools: { p: {} } },
  ])
    assert.equal(told(all, over), before, JSON.stringify(over));
  // What a host takes, only the first run is told.
  assert.equal(told(all, {}, ["https://a/b"]), before);
  assert.match(renderStage(stage(all, {}, ["https://a/b"])).create, /SOURCES=https:\/\/a\/b'/);
  for (const over of [
    { nodeCidrs: ["10.77.0.0/16"] },
    { hostPreparation: { swap: false } },
    { network: { kubeProxyMode: "iptables" } },
    { preflight: { accept: ["slow-disk"] } },
  ])
    assert.notEqual(told(all, over), before, JSON.stringify(over));
});

test("warnings are accepted for all hosts and for one", () => {
  const hosts = { m1: { ...base.hosts.m1, preflight: { accept: ["slow-disk", "covered-range"] } } };
  const accept = ["unclear-filter", "slow-disk"];
  assert.equal(stage(["etcd"]).settings?.ACCEPTED, undefined);
  assert.equal(stage(["etcd"], { hosts, preflight: { accept } }).settings?.ACCEPTED, "covered-range slow-disk unclear-filter");
});

test("while the API moves, preflight knows both places", () => {
  const api = { domainName: "k8s.dev.internal", address: "10.77.0.101", port: 9443 };
  const former = { domainName: "api.dev.internal", address: "10.77.0.100", port: 8443 };
  const { settings } = stage(["balancer"], { api: { ...api, former } });
  assert.equal(settings?.FORMER_API, "api.dev.internal 10.77.0.100");
  assert.equal(settings?.PORTS, "8404:haproxy 8443:haproxy 9443:haproxy");
  assert.equal(stage(["worker"]).settings?.FORMER_API, undefined);
});

test("sources are files and registries, each once; packages are left out, because the host knows which are its own", () => {
  const list = [
    "binary 11 https://dl.k8s.io/kubelet /opt/k kubelet",
    "archive 22 /bundle/runc.tar /opt/r runc",
    "images 33 /bundle/images.tar a b",
    "pull sha256:44 registry.k8s.io/pause:3.10",
    "image-program sha256:55 registry.k8s.io/etcd:3.6 /opt/e etcd",
    "packages 66 /bundle/packages.tar debian-12",
    "",
  ];
  assert.deepEqual(sourcesIn(list.join("\n")), [
    "/bundle/images.tar",
    "/bundle/runc.tar",
    "https://dl.k8s.io/kubelet",
    "https://registry.k8s.io/v2/",
  ]);
});

test("hosts with the same machine are named together, with the cure; those that say nothing are left out", () => {
  const mark = (digit: string) => `preflight on x: passed, machine ${digit.repeat(16)}`;
  assert.deepEqual(sameMachines([]), []);
  assert.deepEqual(
    sameMachines([
      ["a", mark("1")],
      ["b", mark("2")],
      ["c", "old"],
      ["d", "old"],
    ]),
    [],
  );
  const [one, two, ...more] = sameMachines([
    ["w1", mark("1")],
    ["m1", mark("1")],
    ["m2", mark("2")],
    ["w2", mark("3")],
    ["w3", mark("3")],
    ["w4", mark("3")],
  ]);
  assert.deepEqual(more, []);
  assert.match(one ?? "", /^m1 and w1 have the same \/etc\/machine-id.*systemd-machine-id-setup/);
  assert.match(two ?? "", /^w2, w3 and w4 have/);
});

test("the refusal has the reasons of all hosts, and hosts that are one machine; without any there is none", () => {
  const passed = (host: string, digit: string): [string, string] => [
    host,
    `preflight on ${host}: passed, machine ${digit.repeat(16)}\n`,
  ];
  assert.equal(refusal([passed("m1", "1"), passed("w1", "2"), ["w2", "preflight on w2: nothing to change"]]), undefined);
  const text = refusal([
    [
      "m1",
      `preflight on m1: 2 reason(s) not to start, nothing was changed:\n  - port 1\n  - port 2\nmachine ${"2".repeat(16)}\n`,
    ],
    passed("w1", "2"),
    ["w2", "preflight on w2: 1 reason(s) not to start, nothing was changed:\n  - swap\n"],
  ]);
  assert.match(text ?? "", /^No host was changed: preflight refuses/);
  assert.match(text ?? "", /^preflight on m1: 2 reason\(s\).*:\n {2}- port 1\n {2}- port 2$/m);
  assert.match(text ?? "", /^preflight on w2: 1 reason\(s\).*:\n {2}- swap$/m);
  assert.match(text ?? "", /^m1 and w1 have the same/m);
});

test("preflight knows the commands of the balancer that the config asks for", () => {
  const commands = (roles: Role[], balancer: object, more: object = {}) => stage(roles, { balancer, ...more }).settings?.BALANCER;
  assert.equal(commands(["balancer"], {}), "haproxy keepalived");
  assert.equal(commands(["balancer"], { kind: "nginx" }), "nginx keepalived");
  assert.equal(commands(["balancer"], { kind: "lvs" }), "lvs keepalived");
  assert.equal(commands(["worker"], {}), undefined);
  const routed = { address: "routed", routed: { protocol: "bgp", asn: 65010, peers: [{ address: "10.77.0.1", asn: 65000 }] } };
  assert.equal(commands(["balancer"], routed), "haproxy vtysh");
  const local = {
    hosts: { m1: { address: "10.77.0.11", roles: ["etcd", "control-plane"] } },
    api: { domainName: "api.dev.internal" },
  };
  assert.equal(commands(["etcd", "control-plane"], { kind: "node-local" }, local), "haproxy");
  assert.equal(commands(["etcd"], { kind: "node-local" }, local), undefined);
});

test("preflight knows the interfaces that the config names, on hosts that use them, with the key that names them", () => {
  const wanted = (roles: Role[], over: object = {}) => stage(roles, over).settings?.INTERFACES;
  assert.equal(wanted(["balancer", "worker"]), undefined);
  const all = { balancer: { interface: "eth1" }, network: { flannelInterface: "eth2" } };
  assert.equal(wanted(["balancer"], all), "balancer.interface=eth1");
  assert.equal(wanted(["worker"], all), "network.flannelInterface=eth2");
  assert.equal(wanted(["etcd"], all), undefined);
  const hosts = { m1: { ...base.hosts.m1, balancerInterface: "eth3", flannelInterface: "eth4" } };
  assert.equal(
    wanted(["balancer", "control-plane"], { ...all, hosts }),
    "hosts.m1.balancerInterface=eth3 hosts.m1.flannelInterface=eth4",
  );
  assert.equal(wanted(["worker"], { ...all, addons: { flannel: false } }), undefined);
});

test("without packages, preflight asks for the commands of what the config runs on the host, and of nothing else", () => {
  const commands = (roles: Role[], over: object = {}) =>
    (stage(roles, { ...over, hostPreparation: { packages: false, firewall: false } }).settings?.COMMANDS ?? "").split(" ");
  const everywhere = ["chronyc", "curl", "ip", "modprobe", "ss", "sysctl"];
  assert.equal(stage(["etcd"]).settings?.COMMANDS, undefined);
  assert.deepEqual(commands(["etcd"]), everywhere);
  const without = (...list: string[]) => list.filter((name) => !everywhere.includes(name));
  assert.deepEqual(without(...commands(["balancer"])), ["haproxy", "keepalived", "socat"]);
  const routed = { protocol: "bgp", asn: 65010, peers: [{ address: "10.77.0.1", asn: 65000 }] };
  assert.deepEqual(without(...commands(["balancer"], { balancer: { kind: "nginx", address: "routed", routed } })), [
    ...["nft", "nginx", "socat", "vtysh"],
  ]);
  assert.deepEqual(without(...commands(["balancer"], { balancer: { kind: "lvs" } })), [
    ...["ipvsadm", "keepalived", "nft", "socat"],
  ]);
  const node = ["conntrack", "ethtool", "iptables", "mount", "nft", "socat"];
  assert.deepEqual(without(...commands(["worker"])), node);
  assert.deepEqual(without(...commands(["worker"], { network: { kubeProxyMode: "ipvs" } })), [
    ...["conntrack", "ethtool", "ipset", "iptables", "ipvsadm", "mount", "nft", "socat"],
  ]);
});

test("preflight knows the UDP ports of the tunnel and of BFD", () => {
  const udp = (roles: Role[], over: object = {}) => stage(roles, over).settings?.UDP_PORTS;
  assert.equal(udp(["etcd"]), undefined);
  assert.equal(udp(["worker"]), "8472:vxlan");
  assert.equal(udp(["worker"], { network: { flannel: { backend: "wireguard", port: 5000 } } }), "5000:wireguard");
  assert.equal(udp(["worker"], { network: { flannel: { backend: "host-gw" } } }), undefined);
});
