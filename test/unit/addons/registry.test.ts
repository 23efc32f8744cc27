import assert from "node:assert/strict";
import { test } from "node:test";
import { addonObjects } from "../../../addons/addon.ts";
import { addons, ownNamespaces } from "../../../addons/registry.ts";
import { resolveVersions } from "../../../artifacts/lock.ts";
import { addonsStage } from "../../../hosts/stages/addons/addons.ts";
import { golden } from "../../harness/golden.ts";
import { clusterFrom, metal } from "../../harness/samples.ts";

test("a control plane gets the manifests of every add-on, and the list of their objects", () => {
  const host = { address: "10.0.0.1", roles: ["etcd", "control-plane"] };
  const cluster = clusterFrom({
    name: "prod",
    provider: "lab",
    kubernetesVersion: "1.36.3",
    nodeCidrs: ["10.0.0.0/16"],
    api: { domainName: "api.example.com", address: "10.0.0.10" },
    hosts: { m1: host, m2: host, m3: host },
  });
  const { versions } = resolveVersions(cluster);
  const args = { host: "m1", owner: "prod/1", cluster, address: "10.0.0.11", apiEndpoint: { port: 8443 }, versions };
  for (const [name, text] of Object.entries(addonsStage(args).inputs ?? {})) golden(`addons/${name.replace(/^\d\d-/, "")}`, text);
});

test("the checks know the namespaces of all add-ons' pods", () => {
  const cluster = clusterFrom(metal());
  const { versions } = resolveVersions(cluster);
  const apiUrl = "https://api.example.com:8443";
  const objects = addons.flatMap((addon) => addonObjects(addon, { cluster, versions, apiUrl }) ?? []);
  const running = objects.filter(({ spec }) => Object.hasOwn(Object(spec), "template"));
  const namespaces = new Set(running.map(({ metadata }) => metadata.namespace));
  assert.ok(namespaces.size > 1);
  assert.deepEqual([...namespaces].sort(), [...ownNamespaces].sort());
});
