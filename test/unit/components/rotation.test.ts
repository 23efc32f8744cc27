import assert from "node:assert/strict";
import { test } from "node:test";
import { type AuthorityName, authorityNames, type Generations } from "../../../config/authorities.ts";
import { parseCluster } from "../../../config/parse.ts";
import { record } from "../../../config/record.ts";
import { known } from "../../../providers/index.ts";
import { clusterOf, graphOf, type Registered } from "../../harness/graph.ts";

// What each step of a rotation makes, changes and takes away, resource by resource.

type Graph = Map<string, Registered>;

const rest: Generations = { trust: [1], issue: 1 };
const trustBoth: Generations = { trust: [1, 2], issue: 1 };
const issueNew: Generations = { trust: [1, 2], issue: 2 };
const dropOld: Generations = { trust: [2], issue: 2 };

const cluster = (name: AuthorityName, generations: Generations) =>
  clusterOf(1, (it) => Object.assign(it, { certificates: { authorities: { [name]: generations } }, allow: ["early-key-drop"] }));

/** The program's graph with an authority at one step, after an `up` at the step before it. */
async function graphAt(name: AuthorityName, was: Generations, is: Generations): Promise<Graph> {
  const parsed = parseCluster(cluster(name, was), known);
  assert.ok(parsed.ok);
  return graphOf(cluster(name, is), record(parsed.cluster, known));
}

const resources = (graph: Graph) => [...graph.keys()].filter((name) => !name.startsWith("ha-kubernetes:"));
const short = (name: string) => name.replace(/^[^ ]*:/, "");
const added = (before: Graph, after: Graph) =>
  resources(after)
    .filter((name) => !before.has(name))
    .map(short)
    .sort();

function changed(before: Graph, after: Graph): string[] {
  const text = (graph: Graph, name: string) => JSON.stringify(graph.get(name)?.inputs);
  return resources(before)
    .filter((name) => after.has(name) && text(before, name) !== text(after, name))
    .map(short)
    .sort();
}

const onMasters = (stage: string) => ["m1", "m2", "m3"].map((host) => `Command ${stage}-${host}`);
const workers = ["Command worker-w1"];
const leaves = (...names: string[]) => names.map((name) => `LocallySignedCert ${name}`);
const everywhere = [...onMasters("addons"), ...onMasters("balancer"), ...onMasters("control-plane"), ...workers];

/** Commands that run or are replaced in each step. The mocks' leaves don't depend on their signer, so hosts get no new ones here. */
const steps: Record<AuthorityName, { trust: string[]; issue: string[]; drop: string[] }> = {
  kubernetes: {
    trust: everywhere,
    issue: [...onMasters("control-plane"), ...workers, ...leaves("admin")],
    drop: everywhere,
  },
  etcd: {
    trust: [...onMasters("control-plane"), ...onMasters("etcd")],
    issue: leaves("etcd-client-m1", "etcd-client-m2", "etcd-client-m3", "etcd-m1", "etcd-m2", "etcd-m3"),
    drop: [...onMasters("control-plane"), ...onMasters("etcd")],
  },
  frontProxy: {
    trust: onMasters("control-plane"),
    issue: onMasters("control-plane"),
    drop: onMasters("control-plane"),
  },
  serviceAccount: {
    trust: onMasters("control-plane"),
    issue: onMasters("control-plane"),
    drop: onMasters("control-plane"),
  },
};
const own: Record<AuthorityName, string[]> = {
  kubernetes: ["PrivateKey kubernetes-ca", "SelfSignedCert kubernetes-ca"],
  etcd: ["PrivateKey etcd-ca", "SelfSignedCert etcd-ca"],
  frontProxy: ["PrivateKey front-proxy-ca", "SelfSignedCert front-proxy-ca"],
  serviceAccount: ["PrivateKey service-account"],
};

for (const name of authorityNames) {
  test(`rotation of ${name}: the new one is made beside the old one, then issues, then is alone`, async () => {
    const second = own[name].map((resource) => `${resource}-2`);
    const first = await graphAt(name, rest, rest);
    const both = await graphAt(name, rest, trustBoth);
    assert.deepEqual(added(first, both), second);
    assert.deepEqual(added(both, first), []);
    assert.deepEqual(changed(first, both), steps[name].trust.sort());

    const issuing = await graphAt(name, trustBoth, issueNew);
    assert.deepEqual(added(both, issuing), []);
    assert.deepEqual(added(issuing, both), []);
    assert.deepEqual(changed(both, issuing), steps[name].issue.sort());

    const dropped = await graphAt(name, issueNew, dropOld);
    assert.deepEqual(added(issuing, dropped), []);
    assert.deepEqual(added(dropped, issuing), own[name]);
    assert.deepEqual(changed(issuing, dropped), steps[name].drop.sort());
  });
}

test("a step that is skipped makes nothing", async () => {
  await assert.rejects(graphAt("kubernetes", rest, dropOld), /nothing was touched/);
});
