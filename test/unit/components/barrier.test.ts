import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCluster } from "../../../config/parse.ts";
import { type Recorded, record } from "../../../config/record.ts";
import { known } from "../../../providers/index.ts";
import { clusterOf, graphOf, type Registered } from "../../harness/graph.ts";

type Graph = Map<string, Registered>;

const ofStage = (graph: Graph, stage: string) => [...graph.keys()].filter((name) => name.includes(`Command ${stage}-`));
const recordOf = (cluster: object): Recorded => {
  const parsed = parseCluster(cluster, known);
  assert.ok(parsed.ok);
  return record(parsed.cluster, known);
};
/** Whether the program asked for everything of `first` before anything of `then`. */
const comesFirst = (graph: Graph, first: string, then: string) => {
  const order = [...graph.keys()];
  const places = (stage: string) => ofStage(graph, stage).map((name) => order.indexOf(name));
  assert.notDeepEqual(places(first), []);
  return Math.max(...places(first)) < Math.min(...places(then));
};
const kept = (graph: Graph, host: string) => graph.get(`command:remote:Command preflight-${host}`)?.options.ignoreChanges;

test("at birth no host is prepared before every host has passed, and a host is looked at in each up until one has recorded it", async () => {
  const graph = await graphOf(clusterOf(2));
  assert.equal(ofStage(graph, "preflight").length, 5);
  assert.ok(comesFirst(graph, "preflight", "prepare"));
  assert.deepEqual(kept(graph, "m1"), []);
});

test("a new host is looked at before any host is prepared, one that lives keeps what its first look was told", async () => {
  const graph = await graphOf(clusterOf(3), recordOf(clusterOf(2)));
  assert.ok(comesFirst(graph, "preflight", "prepare"));
  assert.deepEqual(kept(graph, "w3"), []);
  assert.deepEqual(kept(graph, "w2"), ["create", "triggers"]);
});

test("a lost host is not looked at, and nothing of preflight is undone", async () => {
  const before = clusterOf(3);
  const lost = clusterOf(3, ({ hosts }) => {
    hosts.w3 = { ...hosts.w3, lost: true };
  });
  const graph = await graphOf(lost, recordOf(before));
  assert.equal(graph.has("command:remote:Command preflight-w3"), false);
  assert.ok(graph.has("command:remote:Command prepare-w3"));
  for (const name of ofStage(graph, "preflight")) assert.equal(graph.get(name)?.inputs.delete, undefined);
});
