import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { KubernetesObject } from "../../../../addons/addon.ts";
import { renderCustom } from "../../../../addons/custom/render.ts";
import { addonsSchema } from "../../../../config/schema/addons.ts";
import { scratch } from "../../../harness/scratch.ts";

const render = (custom: Record<string, object>, taken: Record<string, KubernetesObject[]> = {}) =>
  renderCustom({ addons: addonsSchema.parse({ custom }), kubernetesVersion: "1.36.3" }, new Map(Object.entries(taken)));
const object = (kind: string, name: string, namespace?: string, apiVersion = "v1"): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name, ...(namespace !== undefined && { namespace }) },
});
const names = (objects: readonly KubernetesObject[]) =>
  objects.map(({ kind, metadata: { name, namespace = "-" } }) => `${kind} ${namespace}/${name}`);

/** A folder with files. */
function folder(files: Readonly<Record<string, string>>): string {
  const path = scratch();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}
const yaml = (it: KubernetesObject) => JSON.stringify(it);

test("add-ons come by order and name, kinds before their objects, and what names no namespace is in the add-on's", async () => {
  const path = folder({
    "b.yaml": `${yaml(object("Widget", "w", undefined, "example.com/v1"))}\n---\n${yaml(object("ClusterRole", "r"))}`,
    "a.json": yaml(object("CustomResourceDefinition", "widgets.example.com")),
    "notes.txt": "no manifest",
  });
  const { addons, problems } = await render({
    late: { objects: [object("ConfigMap", "c")], order: 5 },
    web: { files: [path], namespace: "web", objects: [object("ConfigMap", "c", "other"), object("Namespace", "other")] },
    early: { objects: [object("Service", "s")] },
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(
    addons.map(({ name }) => name),
    ["early", "web", "late"],
  );
  assert.deepEqual(names(addons[1]?.objects ?? []), [
    "Namespace -/other",
    "CustomResourceDefinition -/widgets.example.com",
    "ConfigMap other/c",
    "ClusterRole -/r",
    "Widget web/w",
  ]);
  assert.deepEqual(names(addons[2]?.objects ?? []), ["ConfigMap default/c"]);
});

test("refused with the object's place: what the cluster has, what another add-on has, and the cluster's own namespaces", async () => {
  const { problems } = await render(
    {
      a: {
        objects: [object("ClusterRole", "shared", undefined, "rbac.authorization.k8s.io/v1"), object("Pod", "p", "kube-system")],
      },
      b: {
        objects: [
          object("ClusterRole", "shared", undefined, "rbac.authorization.k8s.io/v1beta1"),
          object("ConfigMap", "coredns", "kube-system"),
          object("Namespace", "kube-flannel"),
          object("RoleBinding", "auth-reader", "kube-system", "rbac.authorization.k8s.io/v1"),
        ],
      },
    },
    { coredns: [object("ConfigMap", "coredns", "kube-system")] },
  );
  assert.deepEqual(
    problems.map(({ key, found }) => `${key} ${found}`),
    [
      "cluster.addons.custom.a.objects[1] holds Pod/kube-system/p, which is in kube-system, where the cluster's own parts are",
      "cluster.addons.custom.b.objects[0] holds ClusterRole.rbac.authorization.k8s.io/shared, which belongs to addons.custom.a",
      "cluster.addons.custom.b.objects[1] holds ConfigMap/kube-system/coredns, which belongs to add-on coredns",
      "cluster.addons.custom.b.objects[2] holds Namespace/kube-flannel, which is a namespace of the cluster's own",
    ],
  );
});

test("refused: paths that are not there, manifests that can't be read, folders and files without objects", async () => {
  const path = folder({ "broken.yaml": "a: [", "empty.yaml": "# nothing\n", "twice.yaml": yaml(object("Pod", "p")) });
  mkdirSync(join(path, "empty"));
  const files = ["missing.yaml", "broken.yaml", "empty.yaml", "empty"].map((name) => join(path, name));
  const { problems } = await render({ a: { files } });
  assert.deepEqual(
    problems.map(({ key }) => key),
    [0, 1, 2, 3].map((index) => `cluster.addons.custom.a.files[${index}]`),
  );
  const said = problems.map(({ found }) => found.replaceAll(path, ""));
  for (const [index, words] of [
    /can't be read: ENOENT/,
    /can't be applied: Flow/,
    /holds no object/,
    /a folder without/,
  ].entries())
    assert.match(said[index] ?? "", words);
});

test("an object that is written in the config and is none is refused at its place", async () => {
  const { problems } = await render({ a: { objects: [{ kind: "Pod", metadata: { name: "p" } }] } });
  assert.deepEqual(
    problems.map(({ key, found }) => `${key} ${found}`),
    ["cluster.addons.custom.a.objects[0] has no apiVersion"],
  );
});

test("a kustomize folder is rendered by kubectl, and what kubectl says of a bad one is told in one line", async (t) => {
  const good = folder({
    "kustomization.yaml": "namePrefix: my-\nresources: [a.yaml]\n",
    "a.yaml": yaml(object("ConfigMap", "settings")),
  });
  const bad = folder({ "kustomization.yaml": "resources: [missing.yaml]\n" });
  const bin = folder({
    kubectl: `#!/bin/sh\nif [ "$2" = ${bad} ]; then echo "error: accumulating resources: missing.yaml" >&2; exit 1; fi\n[ "$1 $2" = "kustomize ${good}" ] && echo '${yaml(object("ConfigMap", "my-settings"))}'\n`,
  });
  chmodSync(join(bin, "kubectl"), 0o755);
  const before = { PATH: process.env.PATH, XDG_CACHE_HOME: process.env.XDG_CACHE_HOME };
  t.after(() => Object.assign(process.env, before));
  // No bundle, so that the one on PATH is taken.
  Object.assign(process.env, { PATH: `${bin}:${before.PATH}`, XDG_CACHE_HOME: scratch() });
  const { addons } = await render({ a: { kustomize: good, namespace: "web" } });
  assert.deepEqual(names(addons[0]?.objects ?? []), ["ConfigMap web/my-settings"]);
  const { problems } = await render({ a: { kustomize: bad } });
  assert.deepEqual(
    problems.map(({ key, found }) => `${key} ${found}`),
    [`cluster.addons.custom.a.kustomize is "${bad}", which does not render: accumulating resources: missing.yaml`],
  );
  Object.assign(process.env, { PATH: scratch() });
  const [problem] = (await render({ a: { kustomize: good } })).problems;
  assert.match(problem?.found ?? "", /has no kubectl to render it/);
});
