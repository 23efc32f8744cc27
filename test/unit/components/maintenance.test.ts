import assert from "node:assert/strict";
import { test } from "node:test";
import { readStage } from "../../../check/wanted.ts";
import { parseCluster } from "../../../config/parse.ts";
import { record } from "../../../config/record.ts";
import { known } from "../../../providers/index.ts";
import { clusterOf, graphOf, type Registered } from "../../harness/graph.ts";

// In which order hosts go through maintenance, and which commands run for it.

type Graph = Map<string, Registered>;
type Edit = (cluster: { hosts: Record<string, object> } & Record<string, unknown>) => void;
const maintenance = { id: "2026-12", reboot: "always" };

/** The graph of a cluster that an `up` without maintenance has recorded. */
async function living(workers: number, edit: Edit = () => {}, keys: object = maintenance): Promise<Graph> {
  const before = parseCluster(clusterOf(workers, edit), known);
  assert.ok(before.ok);
  return graphOf(
    clusterOf(workers, (cluster) => {
      edit(cluster);
      cluster.maintenance = keys;
    }),
    record(before.cluster, known),
  );
}

const prefix = "command:remote:Command ";
const ours = (graph: Graph) =>
  [...graph.keys()].filter((name) => / (maintenance|reboot)-/.test(name)).map((name) => name.slice(prefix.length));
const of = (graph: Graph, name: string) => graph.get(`${prefix}${name}`) as Registered;
/** What a command waits for directly, by name, without the cluster's id, which all do. */
const waitsFor = (graph: Graph, name: string) =>
  of(graph, name)
    .options.dependencies.map((urn) => urn.split("::").at(-1) ?? "")
    .filter((it) => it !== "cluster")
    .sort();

test("without the key there is nothing; with it each host has a command, and another one that finds it after its reboot", async () => {
  const cluster = clusterOf(1);
  assert.deepEqual(
    [...(await graphOf(cluster)).keys()].filter((name) => /maintenance/i.test(name)),
    [],
  );
  const graph = await living(1);
  assert.deepEqual(
    ours(graph).sort(),
    ["m1", "m2", "m3", "w1"].flatMap((host) => [`maintenance-${host}`, `reboot-${host}`]).sort(),
  );
  assert.deepEqual(ours(await living(1, undefined, { id: "2026-12", reboot: "never" })).sort(), [
    "maintenance-m1",
    "maintenance-m2",
    "maintenance-m3",
    "maintenance-w1",
  ]);
});

test("a host begins once the one before is proved; the first one waits for all other changes", async () => {
  const graph = await living(2);
  const first = waitsFor(graph, "maintenance-m1");
  for (const name of ["addons-m1", "balancer-m3", "worker-w1", "worker-w2", "nodes-ready"]) assert.ok(first.includes(name), name);
  for (const host of ["m1", "m2", "m3", "w1", "w2"]) assert.deepEqual(waitsFor(graph, `reboot-${host}`), [`maintenance-${host}`]);
  assert.deepEqual(waitsFor(graph, "maintenance-m2"), ["reboot-m1"]);
  assert.deepEqual(waitsFor(graph, "maintenance-m3"), ["reboot-m2"]);
  assert.deepEqual(waitsFor(graph, "maintenance-w1"), ["reboot-m3"]);
  assert.deepEqual(waitsFor(graph, "maintenance-w2"), ["reboot-w1"]);
});

test("pure balancers follow etcd hosts and control planes, each pool begins after them, and lost hosts are left out", async () => {
  const graph = await living(2, ({ hosts, pools }) => {
    hosts.b1 = { ...hosts.m1, address: "10.0.0.31", roles: ["balancer"] };
    hosts.b2 = { ...hosts.m1, address: "10.0.0.32", roles: ["balancer"] };
    hosts.e1 = { ...hosts.m1, address: "10.0.0.41", roles: ["etcd"] };
    hosts.e2 = { ...hosts.m1, address: "10.0.0.42", roles: ["etcd"] };
    hosts.w2 = { ...hosts.w2, pool: "other" };
    hosts.w3 = { ...hosts.w2, address: "10.0.0.25", lost: true };
    Object.assign(pools as object, { other: {} });
  });
  assert.deepEqual(waitsFor(graph, "maintenance-m1"), ["reboot-e2"]);
  assert.deepEqual(waitsFor(graph, "maintenance-b1"), ["reboot-m3"]);
  assert.deepEqual(waitsFor(graph, "maintenance-b2"), ["reboot-b1"]);
  for (const worker of ["w1", "w2"]) assert.deepEqual(waitsFor(graph, `maintenance-${worker}`), ["reboot-b2"]);
  assert.ok(!ours(graph).includes("maintenance-w3"));
});

test("of a pool the first goes alone, then as many at once as may be away", async () => {
  const graph = await living(5, ({ pools }) => {
    Object.assign(pools as object, { general: { maxUnavailable: 2 } });
  });
  const before = Object.fromEntries(
    ["w1", "w2", "w3", "w4", "w5"].map((name) => [name, waitsFor(graph, `maintenance-${name}`)[0]]),
  );
  assert.deepEqual(before, {
    w1: "reboot-m3",
    w2: "reboot-w1",
    w3: "reboot-w1",
    w4: "reboot-w2",
    w5: "reboot-w3",
  });
});

test("a host that no up has recorded only notes the word, and nothing runs there when it is recorded", async () => {
  const cluster = clusterOf(1, (it) => {
    it.maintenance = maintenance;
  });
  const create = (graph: Graph) => String(of(graph, "maintenance-w1").inputs.create);
  const born = await graphOf(cluster);
  assert.match(create(born), /MADE_WITH_IT=yes/);
  for (const host of ["m1", "m3", "w1"]) assert.deepEqual(waitsFor(born, `maintenance-${host}`), [`prepare-${host}`]);
  const { ignoreChanges } = of(born, "maintenance-w1").options;
  assert.ok(ignoreChanges.includes("create"));
  const later = await living(1);
  assert.doesNotMatch(create(later), /MADE_WITH_IT/);
  assert.equal(of(born, "maintenance-w1").inputs.update, of(later, "maintenance-w1").inputs.update);
});

test("a new host is in nobody's way: those that follow it by name wait for the same as without it", async () => {
  const recorded = parseCluster(clusterOf(2), known);
  assert.ok(recorded.ok);
  const graph = await graphOf(
    clusterOf(2, (cluster) => {
      const { hosts } = cluster;
      hosts.a1 = { ...hosts.w1, address: "10.0.0.51" };
      hosts.a2 = { ...hosts.m1, address: "10.0.0.52", roles: ["balancer"] };
      cluster.maintenance = maintenance;
    }),
    record(recorded.cluster, known),
  );
  assert.deepEqual(waitsFor(graph, "maintenance-a1"), ["prepare-a1"]);
  assert.deepEqual(waitsFor(graph, "maintenance-w1"), ["reboot-m3"]);
  assert.deepEqual(waitsFor(graph, "maintenance-w2"), ["reboot-w1"]);
});

test("the visible text names the word and nothing of other hosts, nothing is undone, and the second command dials for long enough", async () => {
  const graph = await living(1, undefined, { ...maintenance, rebootTimeoutSeconds: 900 });
  const texts = (name: string) => {
    const { update, stdin } = of(graph, name).inputs as { update: string; stdin: { value: string } };
    return readStage(update, String(stdin.value ?? stdin))?.settings;
  };
  const { API_PORT: _, STATISTICS_PORT: __, ...own } = texts("maintenance-m1") ?? {};
  assert.deepEqual(own, {
    MAINTENANCE: "2026-12",
    PATCHES: "security",
    REBOOT: "always",
    ROLES: "etcd balancer control-plane",
    HOST_ADDRESS: "10.0.0.11",
    PEER_URL: "https://10.0.0.11:2380",
    DRAIN_SECONDS: "300",
    POD_NETWORK: "flannel",
  });
  assert.deepEqual(texts("reboot-w1"), {
    MAINTENANCE: "2026-12",
    PATCHES: "security",
    REBOOT: "always",
    BACK: "yes",
    ROLES: "worker",
    HOST_ADDRESS: "10.0.0.21",
    DRAIN_SECONDS: "300",
    POD_NETWORK: "flannel",
    POOL: "general",
    MAX_UNAVAILABLE: "1",
  });
  for (const name of ours(graph)) assert.equal(of(graph, name).inputs.delete, undefined, name);
  const dials = (name: string) => {
    const { connection } = of(graph, name).inputs as { connection: { value: { dialErrorLimit: number } } };
    return (connection.value ?? connection).dialErrorLimit;
  };
  assert.deepEqual([dials("maintenance-m1"), dials("reboot-m1")], [30, 188]);
});
