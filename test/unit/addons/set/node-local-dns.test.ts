import assert from "node:assert/strict";
import { test } from "node:test";
import { addonObjects, type KubernetesObject } from "../../../../addons/addon.ts";
import { coredns } from "../../../../addons/coredns.ts";
import { nodeLocalDns } from "../../../../addons/set/node-local-dns.ts";
import { resolveVersions } from "../../../../artifacts/lock.ts";
import { clusterFrom, metal, type Written } from "../../../harness/samples.ts";

// biome-ignore lint/suspicious/noExplicitAny: an object of the API has any fields
type Any = any;

function made(addons: Written): { dns: Any[]; cache: Any[] } {
  const cluster = clusterFrom({ ...metal(), kubernetesVersion: "1.36.4", addons });
  const args = { cluster, versions: resolveVersions(cluster).versions, apiUrl: "https://api.example.com:8443" };
  return { dns: addonObjects(coredns, args) ?? [], cache: addonObjects(nodeLocalDns, args) ?? [] };
}
const one = (objects: readonly KubernetesObject[], kind: string): Any => objects.find((it) => it.kind === kind);
const finds = (selector: Record<string, string>, labels: Record<string, string>) =>
  Object.entries(selector).every(([key, value]) => labels[key] === value);

test("the Service of the cluster's DNS has the caches and CoreDNS, and prefers the one on the client's node", () => {
  const { dns, cache } = made({ nodeLocalDns: {} });
  const { selector, trafficDistribution } = one(dns, "Service").spec;
  assert.equal(trafficDistribution, "PreferSameNode");
  const cacheLabels = one(cache, "DaemonSet").spec.template.metadata.labels;
  const serverLabels = one(dns, "Deployment").spec.template.metadata.labels;
  assert.ok(finds(selector, cacheLabels) && finds(selector, serverLabels));
  // The Service of the caches, and the budget of evictions, are about CoreDNS alone.
  const upstream = one(cache, "Service").spec.selector;
  assert.ok(finds(upstream, serverLabels) && !finds(upstream, cacheLabels));
  const budget = one(dns, "PodDisruptionBudget").spec.selector.matchLabels;
  assert.ok(finds(budget, serverLabels) && !finds(budget, cacheLabels));
  assert.equal(finds(one(cache, "DaemonSet").spec.selector.matchLabels, serverLabels), false);
});

test("turning it on or off changes nothing of CoreDNS' pods, and nothing of their Service but whom it prefers", () => {
  const on = made({ nodeLocalDns: {} }).dns;
  const off = made({}).dns;
  const { trafficDistribution, ...rest } = one(on, "Service").spec;
  assert.deepEqual(rest, one(off, "Service").spec);
  assert.ok(trafficDistribution);
  assert.deepEqual(one(on, "Deployment"), one(off, "Deployment"));
  assert.deepEqual(made({}).cache, []);
});

test("another size of the cache rolls the pods", () => {
  const of = (settings: Written) => one(made({ nodeLocalDns: settings }).cache, "DaemonSet").spec.template.metadata.annotations;
  assert.notDeepEqual(of({}), of({ cacheSeconds: 10 }));
  assert.match(one(made({ nodeLocalDns: { cacheSeconds: 3 } }).cache, "ConfigMap").data.Corefile, /denial 9984 3/);
});
