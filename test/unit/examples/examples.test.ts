import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";
import { graphOf } from "../../harness/graph.ts";

// Every config that comes with the project is right as it is: nothing but the secret that logs in and those of files are added. The whole program, under
// Pulumi's mocks.

const root = new URL("../../../", import.meta.url);
const files = [
  "Pulumi.dev.yaml",
  ...readdirSync(new URL("examples/", root))
    .filter((name) => /^Pulumi\..+\.yaml$/.test(name))
    .map((name) => `examples/${name}`),
];
const configOf = (file: string) => parse(readFileSync(new URL(file, root), "utf8")).config;

for (const file of files) {
  test(`${file} previews without an error`, async () => {
    const { "ha-kubernetes:cluster": cluster, ...more } = configOf(file);
    const graph = await graphOf(cluster, undefined, more);
    for (const name of Object.keys(cluster.hosts)) assert.ok(graph.has(`command:remote:Command prepare-${name}`), name);
  });
}
