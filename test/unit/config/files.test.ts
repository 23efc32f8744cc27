import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";
import { knownVersions } from "../../../artifacts/known-versions.ts";
import { parseCluster } from "../../../config/parse.ts";
import { problemText } from "../../../config/problems.ts";
import { generated } from "../../../docs/generate.ts";
import { known } from "../../../providers/index.ts";

// The files that come with the project: generated ones, the default stack and the examples.

const project = new URL("../../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, project), "utf8");
const stackFile = /^Pulumi\..+\.yaml$/;
const stacks = [
  "Pulumi.dev.yaml",
  ...readdirSync(new URL("examples/", project))
    .filter((name) => stackFile.test(name))
    .map((name) => `examples/${name}`),
];

for (const [path, text] of Object.entries(generated())) {
  test(`${path} is what npm run generate writes`, () => {
    assert.ok(read(path) === text, "it is out of date: npm run generate");
  });
}

test("every value in docs/config.md is told in the config's own words, not in those of the validator", () => {
  const lines = read("docs/config.md").split("\n");
  assert.deepEqual(
    lines.filter((line) => /invalid input|received null|expected \w+, |too (small|big)|undefined/i.test(line)),
    [],
  );
});

test("npm run generate -- --help writes nothing", () => {
  const generate = new URL("docs/generate.ts", project).pathname;
  const { status, stdout } = spawnSync(process.execPath, [generate, "--help"], { encoding: "utf8" });
  assert.equal(status, 0);
  assert.match(stdout, /^npm run generate: writes /);
  assert.doesNotMatch(stdout, /wrote/);
});

for (const path of stacks) {
  test(`${path} is a right config`, () => {
    const parsed = parseCluster(parse(read(path)).config["ha-kubernetes:cluster"], known);
    assert.ok(parsed.ok, parsed.ok ? "" : parsed.problems.map(problemText).join("\n"));
  });

  // From the project's folder, where the CLI reads stacks: users copy examples there.
  test(`${path} names the schema for editors`, () => {
    const [, schema] = /^# yaml-language-server: \$schema=(\S+)$/m.exec(read(path)) ?? [];
    assert.ok(schema !== undefined, "no line # yaml-language-server: $schema=");
    assert.ok("properties" in JSON.parse(read(schema)));
  });
}

test("there are examples for staging and production", () => {
  assert.ok(stacks.includes("examples/Pulumi.staging.yaml") && stacks.includes("examples/Pulumi.production.yaml"));
});

/** Every part of the schema, whatever it is in. */
function parts(schema: unknown): Record<string, unknown>[] {
  if (typeof schema !== "object" || schema === null) return [];
  return [schema as Record<string, unknown>, ...Object.values(schema).flatMap(parts)];
}

test("the schema for editors refuses keys that nothing reads, knows the lock's versions, and needs no dialect of patterns", () => {
  const schema = JSON.parse(read("config/schema.json"));
  const { config } = schema.properties;
  const refusedBy = (patterns: object) => (key: string) => Object.keys(patterns).some((pattern) => new RegExp(pattern).test(key));
  assert.deepEqual(["cluster", "ha-kubernetes:cluster", "config"].map(refusedBy(schema.patternProperties)), [true, true, false]);
  const keys = ["ha-kubernetes:sshPrivateKeys", "ha-kubernetes:sshPrivateKey", "ha-kubernetes:cluster", "aws:region"];
  assert.deepEqual(keys.map(refusedBy(config.patternProperties)), [true, false, false, false]);
  const { kubernetesVersion, versions } = config.properties["ha-kubernetes:cluster"].properties;
  assert.deepEqual(kubernetesVersion.examples, knownVersions().kubernetes);
  assert.deepEqual(versions.properties.etcd.examples, knownVersions().parts.etcd);
  const patterns = parts(schema).flatMap(({ pattern }) => (typeof pattern === "string" ? pattern : []));
  assert.ok(patterns.length > 50);
  for (const pattern of patterns) assert.doesNotMatch(pattern, /\\p\{/);
});

test("every key has a description, which docs/config.md and editors show", () => {
  const keysOf = (schema: unknown, path: string): { key: string; description: unknown }[] => {
    if (typeof schema !== "object" || schema === null) return [];
    // allOf says which provider's section goes with which provider, and describes nothing.
    const { properties = {}, allOf: _, ...others } = schema as Record<string, object>;
    return [
      ...Object.entries(properties).flatMap(([name, value]) => [
        { key: `${path}.${name}`, description: value.description },
        ...keysOf(value, `${path}.${name}`),
      ]),
      ...Object.values(others).flatMap((value) => keysOf(value, path)),
    ];
  };
  const { config } = JSON.parse(read("config/schema.json")).properties;
  const all = keysOf(config.properties["ha-kubernetes:cluster"], "cluster");
  assert.ok(all.some(({ key }) => key === "cluster.etcd.backup.copyToSsh.host"));
  assert.deepEqual(
    all.filter(({ description }) => !description).map(({ key }) => key),
    [],
  );
});
