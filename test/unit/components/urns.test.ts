import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";
import { parseCluster } from "../../../config/parse.ts";
import { record } from "../../../config/record.ts";
import { known } from "../../../providers/index.ts";
import { graphOf, type Registered } from "../../harness/graph.ts";
import { clusterOf } from "../../harness/samples.ts";

// Names are API. The fixture lists every URN of three stacks as an earlier release made them: a URN that no resource has
// now, not even as an alias, is a resource that an `up` of a living stack would replace or delete.

const text = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const expected: Record<string, string[]> = JSON.parse(text("test/fixtures/urns.json"));

function recordOf(cluster: object, more: object = {}): object {
  const parsed = parseCluster(cluster, known);
  assert.ok(parsed.ok);
  return { ...record(parsed.cluster, known), ...more };
}

const stacks: Record<string, () => Promise<Map<string, Registered>>> = {
  "hosts of every role, at birth": () => graphOf(clusterOf(2)),
  "separate etcd hosts and an external balancer, on a path of upgrades and in a rotation": () => {
    const cluster = clusterOf(1, (it) => {
      for (const n of [1, 2, 3]) {
        it.hosts[`e${n}`] = { ...it.hosts.m1, address: `10.0.0.3${n}`, roles: ["etcd"] };
        it.hosts[`m${n}`] = { ...it.hosts[`m${n}`], roles: ["control-plane"] };
      }
      const authorities = { kubernetes: { trust: [1, 2], issue: 1 } };
      Object.assign(it, { balancer: { kind: "external" }, upgradePath: "auto", certificates: { authorities } });
    });
    return graphOf(cluster, recordOf(cluster, { kubernetesVersion: "1.34.4" }));
  },
  "AWS with a pool that scales": () => {
    const { config } = parse(text("examples/Pulumi.aws-production.yaml"));
    const cluster = config["ha-kubernetes:cluster"];
    return graphOf(cluster, undefined, { "aws:region": config["aws:region"] });
  },
};

for (const [title, graph] of Object.entries(stacks)) {
  test(`every resource keeps its URN: ${title}`, async () => {
    const registered = [...(await graph()).values()];
    const known = new Set(registered.flatMap(({ urns }) => urns));
    assert.deepEqual(
      expected[title]?.filter((urn) => !known.has(urn)),
      [],
    );
    assert.ok((expected[title]?.length ?? 0) > 30);
  });
}
