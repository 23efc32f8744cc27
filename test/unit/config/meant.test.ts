import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asMeant } from "../../../config/meant.ts";
import { parseCluster } from "../../../config/parse.ts";
import { grouped, type Problem, shown, visible } from "../../../config/problems.ts";
import { known, metal, type Written } from "../../harness/samples.ts";

function right(config: Written) {
  const parsed = parseCluster(JSON.parse(JSON.stringify(config)), known);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed;
}

test("empty sections are as if they were not written, and said", () => {
  const config = {
    ...metal(),
    pools: { general: null },
    etcd: null,
    network: { podCidr: null, nameServers: null },
    repair: null,
  };
  const { cluster, warnings } = right(config);
  assert.deepEqual(cluster.etcd, right(metal()).cluster.etcd);
  assert.equal(cluster.network.podCidr, "10.244.0.0/16");
  assert.deepEqual(
    warnings.map(({ key, allowed }) => `${key}: ${allowed}`),
    [
      "cluster.pools.general: general: {} where nothing is set",
      "cluster.etcd: a value, or no such line",
      "cluster.network.podCidr: a value, or no such line",
      "cluster.network.nameServers: a value, or no such line",
      "cluster.repair: a value, or no such line",
    ],
  );
});

test("digits are taken where a text is asked for, as far as none is lost", () => {
  const config = metal();
  config.api.extraArgs = {
    "audit-log-path": "-",
    "audit-policy-file": "/etc/kubernetes/pki/a",
    "audit-log-maxage": 30,
    profiling: false,
  };
  config.hostPreparation = { extraSysctl: { "net.core.somaxconn": 4096 } };
  config.repair = 20261121;
  config.kubelet = { systemReserved: { cpu: 0.5, memory: 536870912, pid: 1000 } };
  config.pools.general = { labels: { rack: 7 } };
  config.etcd = { restoreFrom: { id: "2026-11-21 00:00:00 +0000 UTC", snapshot: "a.db", sha256: "0".repeat(64) } };
  const { cluster } = right(config);
  assert.equal(cluster.api.extraArgs["audit-log-maxage"], "30");
  assert.equal(cluster.api.extraArgs.profiling, "false");
  assert.equal(cluster.hostPreparation.extraSysctl["net.core.somaxconn"], "4096");
  assert.equal(cluster.repair, "20261121");
  assert.deepEqual({ ...cluster.kubelet.systemReserved }, { cpu: "0.5", memory: "536870912", pid: "1000" });
  assert.deepEqual(cluster.pools.general?.labels, { rack: "7" });
  assert.equal(cluster.etcd.restoreFrom?.id, "2026-11-21");
  for (const value of [1.1, 2 ** 60]) {
    config.pools.general.labels.rack = value;
    assert.ok(!parseCluster(config, known).ok, `${value}`);
  }
});

test("a name that JavaScript keeps for itself is refused, not dropped", () => {
  const config = JSON.parse(JSON.stringify(metal()).replace('"w2":', '"__proto__":'));
  const parsed = parseCluster(config, known);
  assert.ok(!parsed.ok);
  assert.deepEqual(
    parsed.problems.map(({ key, found }) => `${key} ${found}`),
    ["cluster.hosts.__proto__ has a name that is not allowed"],
  );
});

test("a config without such slips stays as it is", () => {
  for (const value of [metal(), {}, [], null, "text", 5]) {
    assert.deepEqual(asMeant(known.schema, value), { value, warnings: [], problems: [] });
  }
});

test("whatever a text holds, a message has nothing of it but ASCII that prints", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      assert.match(visible(text), /^[\x20-\x7e]*$/);
      assert.match(shown(text), /^[\x20-\x7e]*…?$/);
      assert.match(shown({ [text]: [text] }), /^[\x20-\x7e]*…?$/);
    }),
  );
  assert.equal(visible("ключ\u{1f600}"), "\\u043a\\u043b\\u044e\\u0447\\u{1f600}");
});

test("no login of a URL is shown", () => {
  const word = fc.stringMatching(/^[a-z0-9@:]{3,9}$/);
  fc.assert(
    fc.property(word, (password) => {
      const text = shown(`https://u:SECRET${password}@mirror.example.com/x`);
      assert.ok(!text.includes("SECRET"), text);
      assert.ok(text.includes("mirror.example.com/x"));
    }),
  );
});

const missing = (host: number): Problem => ({ key: `cluster.hosts.w${host}.hostKey`, found: "is missing", allowed: "a key" });

test("of many problems of one kind the first ones are told, and how many more there are", () => {
  const many = Array.from({ length: 500 }, (_, host) => missing(host));
  const texts = grouped([...many.slice(0, 3), { key: "cluster.name", found: "is missing", allowed: "a name" }, ...many.slice(3)]);
  assert.equal(texts.length, 5);
  assert.equal(
    texts[4],
    "cluster.hosts.w3.hostKey, cluster.hosts.w4.hostKey, cluster.hosts.w5.hostKey, …: 497 more like the last one",
  );
  assert.equal(grouped(many.slice(0, 4)).length, 4);
  assert.equal(grouped(many.slice(0, 5))[3], "cluster.hosts.w3.hostKey, cluster.hosts.w4.hostKey: 2 more like the last one");
});
