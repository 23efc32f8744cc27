import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, test } from "node:test";
import { renderCustom } from "../../../../addons/custom/render.ts";
import { addonsSchema } from "../../../../config/schema/addons.ts";
import { scratch } from "../../../harness/scratch.ts";

// Charts with a stand-in for Helm, which renders what `render` has and pulls a file with `pulled` in it. The end-to-end group `addons`
// has the real one.

const bin = scratch();
const configMap = (name: string, annotations = {}) =>
  JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, annotations } });
const hash = (text: string) => createHash("sha256").update(text).digest("hex");
const chart = join(scratch(), "chart");
mkdirSync(chart);

beforeEach(() => {
  // No bundle, so that the one on PATH is taken.
  Object.assign(process.env, { PATH: `${bin}:/usr/bin:/bin`, XDG_CACHE_HOME: scratch() });
  helm({ render: configMap("a") });
});

function helm({ version = "v4.3.0", render = "", script = "", pulled = "chart" }): void {
  writeFileSync(join(bin, "render"), render);
  const text = `#!/bin/sh
echo "$@" >>${bin}/calls
case $1 in
  version) printf %s ${version} ;;
  pull) while [ $# -gt 1 ]; do shift; done; printf %s "${pulled}" >"$1/x-1.0.0.tgz" ;;
  template) cat >${bin}/values; ${script || `cat ${bin}/render`} ;;
esac
`;
  writeFileSync(join(bin, "helm"), text, { mode: 0o755 });
  writeFileSync(join(bin, "calls"), "");
}
const calls = () => readFileSync(join(bin, "calls"), "utf8").trim().split("\n");
const render = async (of: object) => {
  const addons = addonsSchema.parse({ custom: { web: { namespace: "web", chart: of } } });
  const { addons: rendered, problems } = await renderCustom({ addons, kubernetesVersion: "1.36.3" }, new Map());
  return {
    objects: (rendered[0]?.objects ?? []).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
    problems: problems.map(({ key, found }) => `${key.replace("cluster.addons.custom.web.", "")} ${found}`),
  };
};

test("a chart is rendered for the cluster's version, values go through stdin", async () => {
  const { objects, problems } = await render({ path: chart, valuesFiles: ["a.yaml"], values: { password: "word" } });
  assert.deepEqual([objects, problems], [["web/a"], []]);
  const args = `template web ${chart} --include-crds --kube-version 1.36.3 --namespace web --values a.yaml --values -`;
  assert.deepEqual(calls(), ["version --template {{.Version}}", args, args]);
  assert.equal(readFileSync(join(bin, "values"), "utf8"), '{"password":"word"}');
});

test("a published chart is fetched once and checked; without a hash the problem names it", async () => {
  const published = { repository: "oci://ghcr.io/example/charts", name: "x", version: "1.0.0" };
  const sha256 = hash("chart");
  const asked = await render(published);
  assert.deepEqual(asked.problems, ["chart.sha256 is missing"]);
  assert.deepEqual((await render({ ...published, sha256 })).objects, ["web/a"]);
  assert.ok(existsSync(join(process.env.XDG_CACHE_HOME ?? "", `ha-kubernetes/charts/${sha256}.tgz`)));
  assert.deepEqual((await render({ ...published, sha256 })).objects, ["web/a"]);
  assert.equal(calls().filter((call) => call.startsWith("pull oci://ghcr.io/example/charts/x --version 1.0.0")).length, 2);
  helm({ pulled: "another" });
  const { problems } = await render({
    ...published,
    repository: "https://charts.example.com",
    version: "1.0.1",
    sha256: hash("c"),
  });
  assert.deepEqual(problems, [`chart.sha256 is ${hash("c")}, and x 1.0.1 in https://charts.example.com has ${hash("another")}`]);
  assert.ok(calls().some((call) => call.startsWith("pull x --repo https://charts.example.com --version 1.0.1")));
});

test("hooks are refused by name, unless they are skipped; those of tests are always left out", async () => {
  const documents = [
    configMap("plain"),
    configMap("test", { "helm.sh/hook": "test" }),
    configMap("migrate", { "helm.sh/hook": "pre-install, pre-upgrade" }),
  ];
  helm({ render: documents.join("\n---\n") });
  const { problems } = await render({ path: chart });
  assert.deepEqual(problems, [
    "chart.skipHooks is false, and the chart has hooks, which nothing runs: ConfigMap/default/migrate (pre-install, pre-upgrade)",
  ]);
  assert.deepEqual((await render({ path: chart, skipHooks: true })).objects, ["web/plain"]);
});

test("refused: a chart that does not render, renders to nothing, or renders differently each time; another Helm, and none", async () => {
  helm({
    script:
      'echo "Error: template: web/a.yaml:3: nil pointer" >&2; echo "Use --debug flag to render out invalid YAML" >&2; exit 1',
  });
  assert.deepEqual((await render({ path: chart })).problems, ["chart does not render: template: web/a.yaml:3: nil pointer"]);
  helm({ render: "# nothing\n" });
  assert.deepEqual((await render({ path: chart })).problems, ["chart renders to no object"]);
  helm({ script: `echo '${configMap("a", { at: "NOW" })}' | sed "s/NOW/$$/"` });
  assert.match((await render({ path: chart })).problems.join(), /renders ConfigMap\/default\/a differently each time/);
  helm({ version: "v3.18.4" });
  assert.match((await render({ path: chart })).problems.join(), /chart needs Helm 4 to be rendered, and \S+ is v3\.18\.4/);
  process.env.PATH = scratch();
  assert.match((await render({ path: chart })).problems.join(), /needs Helm to be rendered, and this machine has none/);
});
