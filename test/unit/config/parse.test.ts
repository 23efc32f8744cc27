import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCluster } from "../../../config/parse.ts";
import { didYouMean } from "../../../config/problems.ts";
import type { LabCluster } from "../../../providers/lab/schema.ts";
import { known, lab, metal, oneMore, type Written } from "../../harness/samples.ts";

function right(config: Written) {
  const parsed = parseCluster(JSON.parse(JSON.stringify(config)), known);
  assert.ok(parsed.ok, parsed.ok ? "" : JSON.stringify(parsed.problems, undefined, 2));
  return parsed;
}

function wrong(config: Written): string[] {
  const parsed = parseCluster(JSON.parse(JSON.stringify(config)), known);
  assert.ok(!parsed.ok, "the config is taken");
  return parsed.problems.map(({ key }) => key);
}

test("a config nested 5000 deep is refused, in mappings and in lists", () => {
  for (const [open, close] of [
    ['{"a":', "}"],
    ["[", "]"],
  ] as const) {
    const deep = JSON.parse(`${open.repeat(5000)}1${close.repeat(5000)}`);
    const parsed = parseCluster({ ...metal(), labels: deep }, known);
    assert.deepEqual(parsed.ok ? [] : parsed.problems.map(({ key, found }) => `${key} ${found}`), [
      "cluster is nested deeper than 50 levels",
    ]);
  }
});

test("every default is filled in, of sections that aren't written too", () => {
  const { cluster } = right(metal());
  assert.equal(cluster.api.port, 8443);
  assert.equal(cluster.network.podCidr, "10.244.0.0/16");
  assert.equal(cluster.network.kubeProxyMode, "nftables");
  const first = { trust: [1], issue: 1 };
  assert.deepEqual(cluster.certificates, {
    authorityValidityHours: 87600,
    leafValidityHours: 8760,
    renewBeforeHours: 2160,
    authorities: { kubernetes: first, etcd: first, frontProxy: first, serviceAccount: first },
    destroyedHosts: [],
  });
  assert.equal(cluster.hosts.m1?.connection, "ssh");
  assert.equal(cluster.hosts.m1?.incarnation, 1);
  assert.deepEqual(cluster.pools.general, { labels: {}, taints: [], maxUnavailable: 1 });
  assert.equal(cluster.addons.coredns.replicas, 2);
  assert.ok(!("lab" in cluster));
  assert.equal((right(lab()).cluster as LabCluster).lab.sshUser, "root");
});

test("a cluster that names no version gets the newest that can be had from where its files come from", () => {
  const version = (config: Written, artifacts: Written) => {
    const { cluster } = right({ ...config, kubernetesVersion: undefined, artifacts });
    assert.equal(cluster.defaultVersion, true);
    return cluster.kubernetesVersion;
  };
  const { published, built } = known.defaults;
  assert.notEqual(published, built);
  const mirror = { source: "mirror", location: "https://m.example.com" };
  for (const artifacts of [{}, mirror]) assert.equal(version(metal(), artifacts), published);
  for (const artifacts of [
    { source: "bundle", manifest: "/m.json" },
    { ...mirror, manifest: "/m.json" },
  ])
    assert.equal(version(metal(), artifacts), built);
  assert.equal(version(lab(), {}), built);
  assert.equal(right(metal()).cluster.defaultVersion, undefined);
});

test("all mistakes of single keys come at once, then all of rules over several keys", () => {
  const config = metal();
  config.hosts.w1.pool = "genral";
  config.hosts.m4 = oneMore(4);
  config.network = { podCidr: "10.0.0.0/16" };
  config.etcd = { electionMilliseconds: 100 };
  const broken = structuredClone(config);
  delete broken.name;
  broken.hosts.m1.address = "10.0.0.300";
  broken.hosts.m2.adress = "10.0.0.12";
  broken.ssh = { privateKey: "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE" };
  assert.deepEqual(wrong(broken), [
    "cluster.ssh.privateKey",
    "cluster.name",
    "cluster.hosts.m1.address",
    "cluster.hosts.m2.adress",
  ]);
  assert.deepEqual(wrong(config), [
    "cluster.hosts", // 4 members
    "cluster.hosts.w1.pool",
    "cluster.network.podCidr",
    "cluster.etcd.electionMilliseconds",
  ]);
});

test("a rule says nothing about what is wrong by itself", () => {
  const config = metal();
  config.api.address = "the first one"; // not: outside nodeCidrs
  config.hosts.m1.roles = ["master"]; // not: 2 hosts of role etcd
  config.network = { podCidr: "10.244.0.0" }; // not: overlaps
  assert.deepEqual(wrong(config), ["cluster.hosts.m1.roles[0]", "cluster.api.address", "cluster.network.podCidr"]);
});

test("neither a private key nor what an unknown key holds is shown", () => {
  const config = metal();
  config.password = "hunter2";
  config.hosts.m1.hostKey = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk=";
  config.nodeCidrs = { nested: ["-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw"] };
  const parsed = parseCluster(config, known);
  assert.ok(!parsed.ok);
  const text = JSON.stringify(parsed.problems);
  for (const secret of ["hunter2", "b3BlbnNzaC1rZXk", "MC4CAQAwBQYDK2Vw"]) assert.ok(!text.includes(secret), secret);
  assert.deepEqual(
    parsed.problems.map(({ key }) => key),
    ["cluster.nodeCidrs.nested[0]", "cluster.hosts.m1.hostKey", "cluster.nodeCidrs", "cluster.password"],
  );
});

test("a value that is not a mapping is refused", () => {
  for (const value of [undefined, null, 5, "text", [], true]) assert.deepEqual(wrong({ value }.value ?? null), ["cluster"]);
});

const small = () => {
  const config = metal();
  return { ...config, hosts: { m1: config.hosts.m1, w1: config.hosts.w1 }, etcd: { throwAway: true } };
};

test("a throw-away cluster of one member is taken, and said loudly", () => {
  assert.deepEqual(
    right(small()).warnings.map(({ key, found }) => `${key} ${found}`),
    ["cluster.etcd.throwAway is true and etcd has ONE member: the cluster is lost with its host"],
  );
});

test("throw-away doesn't make an even number right", () => {
  assert.deepEqual(wrong({ ...small(), hosts: { ...small().hosts, m2: oneMore(2) } }), ["cluster.hosts"]);
});

test("a lost member is counted or not, as it fits", () => {
  const config = metal();
  config.hosts.m2.lost = true; // 3 with it
  assert.deepEqual(
    right(config).warnings.map(({ key }) => key),
    ["cluster.hosts.m2.lost"],
  );
  config.hosts.m4 = oneMore(4); // 3 without it
  right(config);
  config.hosts.m5 = oneMore(5); // 5 with it
  right(config);
});

test("warnings name settings that are allowed but unwise", () => {
  const config = metal();
  config.network = { kubeProxyMode: "ipvs" };
  config.ssh = { acceptAnyHostKey: true };
  delete config.hosts.w1.hostKey;
  config.allow = ["patch-downgrade"];
  config.etcd = { backup: { enabled: false }, restoreFrom: { id: "today", snapshot: "a.db", sha256: "0".repeat(64) } };
  assert.deepEqual(
    right(config).warnings.map(({ key }) => key),
    [
      "cluster.network.kubeProxyMode",
      "cluster.ssh.acceptAnyHostKey",
      "cluster.etcd.restoreFrom",
      "cluster.etcd.backup.enabled",
      "cluster.allow",
    ],
  );
  const idle = metal();
  delete idle.hosts.w1;
  delete idle.hosts.w2;
  assert.deepEqual(
    right(idle).warnings.map(({ found }) => found),
    ["has no host of role worker"],
  );
  assert.deepEqual(right(metal()).warnings, []);
});

test("what looks wrong but is right is taken", () => {
  const config = metal();
  config.hosts.m1.connection = "local"; // the machine that runs the program is one of the hosts
  delete config.hosts.m1.hostKey;
  config.balancer = { kind: "external" };
  config.api = { domainName: "api.example.com", address: "192.0.2.1", port: 6443 }; // outside nodeCidrs, and the apiserver's own port
  for (const name of ["m1", "m2", "m3"]) config.hosts[name].roles = ["etcd", "control-plane"];
  config.pools.general = { labels: { "node.kubernetes.io/class": "large", "topology.kubernetes.io/zone": "a" } };
  config.kubelet = { systemReserved: { memory: "1Gi" } };
  right(config);
});

test("did you mean: near misses only", () => {
  const keys = ["address", "roles", "pool", "hostKey", "sshAddress"];
  assert.equal(didYouMean("adress", keys), "address");
  assert.equal(didYouMean("hostkey", keys), "hostKey");
  assert.equal(didYouMean("poool", keys), "pool");
  assert.equal(didYouMean("flavour", keys), undefined);
  assert.equal(didYouMean("x", []), undefined);
});
