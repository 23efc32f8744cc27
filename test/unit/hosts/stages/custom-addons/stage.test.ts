import assert from "node:assert/strict";
import { test } from "node:test";
import { renderCustom } from "../../../../../addons/custom/render.ts";
import { addonsSchema } from "../../../../../config/schema/addons.ts";
import { customAddonsStage } from "../../../../../hosts/stages/custom-addons/custom-addons.ts";
import { clusterOf, graphOf } from "../../../../harness/graph.ts";

const configMap = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { word: "secret-word" } });
const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "other" } };
const command = (name: string) => `command:remote:Command ${name}`;

test("the stage's inputs are a line for each add-on, and its objects with their references beside them", async () => {
  const custom = {
    late: { order: 1, objects: [configMap("b")], wait: false, takeOver: true, timeoutSeconds: 60 },
    web: { namespace: "web", objects: [configMap("a"), namespace] },
  };
  const { addons } = await renderCustom({ addons: addonsSchema.parse({ custom }), kubernetesVersion: "1.36.3" }, new Map());
  const { settings, inputs } = customAddonsStage({ host: "m1", owner: "x/1", address: "10.0.0.1", addons });
  assert.deepEqual(settings, { API_SERVER: "https://10.0.0.1:6443", CUSTOM_ADDONS: "000=web(2) 001=late(1)" });
  assert.equal(inputs?.list, "000 web 0 300 yes no web\n001 late 1 60 no yes\n");
  const reference = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"namespace":"web","name":"a"}}\n';
  assert.equal(inputs?.["000-first"], `${JSON.stringify(namespace)}\n`);
  assert.equal(inputs?.["000-rest.references"], reference);
  assert.equal(JSON.parse(inputs?.["000-rest"] ?? "").data.word, "secret-word");
});

test("each control plane has the command, after everything else; nothing of the objects shows", async () => {
  const before = await graphOf(clusterOf(1));
  const after = await graphOf(
    clusterOf(1, (cluster) => {
      cluster.addons = { custom: { web: { objects: [configMap("a")] } } };
    }),
  );
  const added = [...after.keys()].filter((name) => !before.has(name));
  assert.deepEqual(added.sort(), [
    ...["m1", "m2", "m3"].map((host) => command(`custom-addons-${host}`)),
    "ha-kubernetes:index:CustomAddons custom-addons",
  ]);
  const { inputs, options } = after.get(command("custom-addons-m1")) ?? {};
  assert.doesNotMatch(String(inputs?.create), /secret-word/);
  for (const name of ["leaving-m1", "nodes-ready", "addons-m1", "worker-w1"])
    assert.ok(
      options?.dependencies.some((urn) => urn.endsWith(`::${name}`)),
      name,
    );
  const changed = [...before]
    .filter(([name, { inputs }]) => inputs.create !== after.get(name)?.inputs.create)
    .map(([name]) => name);
  assert.deepEqual(
    changed.filter((name) => !name.includes("join-")).sort(),
    ["m1", "m2", "m3"].map((host) => command(`addons-${host}`)),
  );
});
