import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse, stringify } from "yaml";
import { TestProject } from "../../harness/project.ts";
import { newPrivateKey } from "../../harness/samples.ts";

// The examples on hosts that exist already, previewed by the engine itself. Those of aws need its plugin: examples.test.ts has them all.

const root = new URL("../../../", import.meta.url);

for (const name of ["staging", "production"]) {
  test(`examples/Pulumi.${name}.yaml previews without an error under the engine`, async () => {
    const { config } = parse(readFileSync(new URL(`examples/Pulumi.${name}.yaml`, root), "utf8"));
    const project = new TestProject(`export * from ${JSON.stringify(new URL("index.ts", root).pathname)};`);
    project.write("Pulumi.dev.yaml", stringify({ config }, { aliasDuplicateObjects: false }));
    const set = await project.run(["config", "set", "--secret", "ha-kubernetes:sshPrivateKey"], {}, newPrivateKey());
    assert.equal(set.code, 0, set.text);
    const { code, text } = await project.run(["preview"]);
    assert.equal(code, 0, text);
    for (const host of Object.keys(config["ha-kubernetes:cluster"].hosts)) assert.ok(text.includes(`prepare-${host}`), text);
  });
}
