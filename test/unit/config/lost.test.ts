import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCluster } from "../../../config/parse.ts";
import { type Recorded, readRecorded, record } from "../../../config/record.ts";
import { known, metal, type Written } from "../../harness/samples.ts";

// What a lost host had is recorded until nothing trusts it any more.

const now = new Date("2026-11-28T09:00:00Z");
function recordOf(edit: (config: Written) => void, before?: Recorded): Recorded {
  const config = metal();
  edit(config);
  const parsed = parseCluster(config, known);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const made = record(parsed.cluster, known, before, now);
  // As it comes back from the state.
  return readRecorded(JSON.parse(JSON.stringify(made))) as Recorded;
}
const lose =
  (...names: string[]) =>
  (config: Written) => {
    for (const name of names) config.hosts[name].lost = true;
  };
const forget = (name: string) => (config: Written) => {
  delete config.hosts[name];
};
const both =
  (...edits: ((config: Written) => void)[]) =>
  (config: Written) => {
    for (const edit of edits) edit(config);
  };
const at = (generations: Record<string, object>) => (config: Written) => {
  config.certificates = { ...config.certificates, authorities: generations };
};

const born = recordOf(() => {});

test("a control plane with etcd had something of every authority, a worker its kubelet's certificate", () => {
  assert.equal(born.lost, undefined);
  const { lost } = recordOf(lose("m2", "w1"), born);
  assert.deepEqual(lost, [
    { name: "m2", since: now.toISOString(), held: { kubernetes: 1, etcd: 1, frontProxy: 1, serviceAccount: 1 } },
    { name: "w1", since: now.toISOString(), held: { kubernetes: 1 } },
  ]);
});

test("the entry may go; open authorities stay until the last of its authorities drops the old generation", () => {
  const gone = recordOf(forget("w1"), recordOf(lose("w1"), born));
  assert.deepEqual(
    gone.lost?.map(({ name }) => name),
    ["w1"],
  );
  const edit = (generations: object) => both(forget("w1"), at({ kubernetes: generations }));
  const trusting = recordOf(edit({ trust: [1, 2], issue: 1 }), gone);
  const issuing = recordOf(edit({ trust: [1, 2], issue: 2 }), trusting);
  assert.equal(issuing.lost?.length, 1);
  assert.equal(recordOf(edit({ trust: [2], issue: 2 }), issuing).lost, undefined);
});

test("a host that is lost while a new generation begins to issue may have something of it", () => {
  const step = at({ kubernetes: { trust: [1, 2], issue: 2 } });
  const before = recordOf(at({ kubernetes: { trust: [1, 2], issue: 1 } }), born);
  assert.deepEqual(recordOf(both(lose("w1"), step), before).lost?.[0]?.held, { kubernetes: 2 });
});

test("a host whose disk is destroyed, or that came back reinstalled, is nobody's any more", () => {
  const lost = recordOf(lose("w1"), born);
  const destroyed = (config: Written) => {
    config.certificates = { destroyedHosts: ["w1"] };
  };
  assert.equal(recordOf(both(lose("w1"), destroyed), lost).lost, undefined);
  assert.equal(
    recordOf((config) => {
      config.hosts.w1.incarnation = 2;
    }, lost).lost,
    undefined,
  );
});
