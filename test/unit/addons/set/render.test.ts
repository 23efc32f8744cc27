import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { renderCustom } from "../../../../addons/custom/render.ts";
import { addonLock } from "../../../../addons/lock.ts";
import { withoutDescriptions } from "../../../../addons/set/manifests.ts";
import { renderSet } from "../../../../addons/set/render.ts";
import type { SetAddon } from "../../../../addons/set/set-addon.ts";
import { addToManifest } from "../../../../artifacts/bundle-manifest.ts";
import { type ManifestEntry, resolveVersions } from "../../../../artifacts/lock.ts";
import { problemText } from "../../../../config/problems.ts";
import { customAddonsStage } from "../../../../hosts/stages/custom-addons/custom-addons.ts";
import { clusterFrom, metal, type Written } from "../../../harness/samples.ts";
import { scratch } from "../../../harness/scratch.ts";

// The set as the last stage gets it, with add-ons of this test's own.

process.env.XDG_CACHE_HOME = scratch();

const configMap = (name: string, namespace: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace } });
const sample = (name: string, order: number, more: Partial<SetAddon> = {}): SetAddon => ({
  name,
  namespace: name,
  order,
  settings: () => ({}),
  images: () => ({}),
  objects: () => [configMap("a", name)],
  ...more,
});
const cluster = (custom: Written = {}) => clusterFrom({ ...metal(), kubernetesVersion: "1.36.4", addons: { custom } });
const { versions } = resolveVersions(cluster());

test("add-ons of the set come in their order and before all of the user's own; one that is off is not there", async () => {
  const own = cluster({ mine: { namespace: "one", objects: [configMap("b", "one")] } });
  const set = await renderSet(own, versions, [
    sample("two", 1, { timeoutSeconds: 60 }),
    sample("one", 0),
    sample("off", 0, { settings: () => undefined }),
    sample("system", 999, { namespace: "kube-system" }),
    sample("privileged", 2, { objects: () => [{ apiVersion: "v1", kind: "Namespace", metadata: { name: "privileged" } }] }),
  ]);
  assert.deepEqual(set.problems, []);
  const custom = await renderCustom(own, new Map(set.addons.map(({ name, objects }) => [name, objects])));
  assert.deepEqual(custom.problems, []);
  const stage = customAddonsStage({
    ...{ host: "m1", owner: "x/1", address: "10.0.0.1" },
    addons: [...set.addons, ...custom.addons],
  });
  assert.equal(
    stage.inputs?.list,
    [
      "000 one -1000 300 yes no one",
      "001 two -999 60 yes no two",
      // Its namespace is one of its objects.
      "002 privileged -998 300 yes no",
      "003 system -1 300 yes no",
      "004 mine 0 300 yes no one",
      "",
    ].join("\n"),
  );
});

test("the user's own add-on has neither an object nor the name of one of the set", async () => {
  const own = cluster({ one: { objects: [configMap("a", "one")] } });
  const set = await renderSet(own, versions, [sample("one", 0, { key: "first" })]);
  const { problems } = await renderCustom(own, new Map(set.addons.map(({ name, objects }) => [name, objects])));
  assert.deepEqual(
    [...set.problems, ...problems].map((it) => problemText(it).split("\n")[0]),
    [
      "cluster.addons.custom.one has the name of the add-on that addons.first installs",
      "cluster.addons.custom.one.objects[0] holds ConfigMap/one/a, which belongs to add-on one",
    ],
  );
});

const text = "kind: CustomResourceDefinition\napiVersion: v1\nmetadata: { name: widgets.example.com }\n";
const sha256 = createHash("sha256").update(text).digest("hex");

/** The lock has one more manifest during a test. */
function publish(t: TestContext, entry: ManifestEntry): void {
  const lock = addonLock as { manifests?: Record<string, ManifestEntry>; versions?: Record<string, Record<string, string>> };
  const before = { manifests: lock.manifests, versions: lock.versions };
  t.after(() => Object.assign(lock, before));
  lock.manifests = { widgets: entry };
  lock.versions = { "1.36": { ...lock.versions?.["1.36"], widgets: "1.2.3" } };
}
const widgets = [sample("widgets", 0, { manifests: ["widgets"] })];
const said = async () => {
  const { addons, problems } = await renderSet(cluster(), versions, widgets);
  return problems.length > 0
    ? problems.map(problemText).join()
    : addons.flatMap(({ objects }) => objects.map(({ kind }) => kind));
};

test("a published manifest comes from its project, checked, and is kept; another text is refused", async (t) => {
  let served = 0;
  const server = createServer((_, response) => {
    served++;
    response.end(served > 1 ? text : "another text");
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  t.after(() => server.close());
  publish(t, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v{version}.yaml`, sha256: { "1.2.3": sha256 } });
  assert.match(String(await said()), /v1\.2\.3\.yaml is not the file of .*: expected SHA-256/);
  assert.deepEqual(await said(), ["CustomResourceDefinition", "ConfigMap"]);
  assert.deepEqual(await said(), ["CustomResourceDefinition", "ConfigMap"]);
  assert.equal(served, 2);
});

test("one whose hash nobody knows comes from a bundle, and without it the command that makes it is named", async (t) => {
  publish(t, { url: "http://127.0.0.1:9/", sha256: { "1.2.3": "unknown" } });
  assert.match(
    String(await said()),
    /^cluster\.addons\.widgets needs the manifest widgets 1\.2\.3, which is in no bundle here.*\n.*\n.*cure: npm run bundle -- --kubernetes-version 1\.36\.4 --lock addons\/lock\.json#widgets$/,
  );
  const bundle = join(process.env.XDG_CACHE_HOME as string, "ha-kubernetes/bundle");
  mkdirSync(bundle, { recursive: true });
  writeFileSync(join(bundle, "widgets-1.2.3.yaml"), text);
  addToManifest(bundle, "widgets-1.2.3.yaml", { sha256, size: text.length, version: "1.2.3", origin: "built", from: [] });
  assert.deepEqual(await said(), ["CustomResourceDefinition", "ConfigMap"]);
  // A changed file is none.
  writeFileSync(join(bundle, "widgets-1.2.3.yaml"), text.replace("widgets", "gadgets"));
  assert.match(String(await said()), /in no bundle here/);
});

test("kinds lose the texts about their fields, not fields or values of that name", () => {
  const field = { type: "string", description: "text" };
  const kind = (properties: object) => ({
    ...{ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", metadata: { name: "a" } },
    spec: { versions: [{ schema: { openAPIV3Schema: { properties } } }] },
  });
  assert.deepEqual(
    withoutDescriptions(kind({ description: field, default: { ...field, default: { description: "kept" } } })),
    kind({ description: { type: "string" }, default: { type: "string", default: { description: "kept" } } }),
  );
  const other = { ...configMap("a", "b"), data: { description: "kept" } };
  assert.deepEqual(withoutDescriptions(other), other);
});
