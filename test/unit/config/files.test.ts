import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";
import { knownVersions } from "../../../artifacts/lock.ts";
import { generated } from "../../../config/generate.ts";
import { parseCluster } from "../../../config/parse.ts";
import { problemText } from "../../../config/problems.ts";

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

for (const path of stacks) {
  test(`${path} is a right config`, () => {
    const parsed = parseCluster(parse(read(path)).config["ha-kubernetes:cluster"], knownVersions());
    assert.ok(parsed.ok, parsed.ok ? "" : parsed.problems.map(problemText).join("\n"));
  });

  test(`${path} names the schema for editors`, () => {
    const [, schema] = /^# yaml-language-server: \$schema=(\S+)$/m.exec(read(path)) ?? [];
    assert.ok(schema !== undefined, "no line # yaml-language-server: $schema=");
    assert.ok("properties" in JSON.parse(readFileSync(new URL(schema, new URL(path, project)), "utf8")));
  });
}

test("there are examples for staging and production", () => {
  assert.ok(stacks.includes("examples/Pulumi.staging.yaml") && stacks.includes("examples/Pulumi.production.yaml"));
});
