import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse, stringify } from "yaml";
import { lock } from "../../../artifacts/lock.ts";
import { TestProject } from "../../harness/project.ts";
import { newPrivateKey } from "../../harness/samples.ts";

// The examples on hosts that exist already, previewed by the engine itself. Those of aws need its plugin: examples.test.ts has them all.

const root = new URL("../../../", import.meta.url);

/** Previews an example, its cluster changed by `edit`, with more files beside the stack's. */
async function preview(name: string, edit: object = {}, files: Readonly<Record<string, string>> = {}) {
  const { config } = parse(readFileSync(new URL(`examples/Pulumi.${name}.yaml`, root), "utf8"));
  Object.assign(config["ha-kubernetes:cluster"], edit);
  const project = new TestProject(`export * from ${JSON.stringify(new URL("index.ts", root).pathname)};`);
  project.write("Pulumi.dev.yaml", stringify({ config }, { aliasDuplicateObjects: false }));
  for (const [file, text] of Object.entries(files)) project.write(file, text);
  const set = await project.run(["config", "set", "--secret", "ha-kubernetes:sshPrivateKey"], {}, newPrivateKey());
  assert.equal(set.code, 0, set.text);
  return { ...(await project.run(["preview"])), hosts: Object.keys(config["ha-kubernetes:cluster"].hosts) };
}

for (const name of ["staging", "production", "three-nodes", "single-node", "two-networks"]) {
  test(`examples/Pulumi.${name}.yaml previews without an error under the engine`, async () => {
    const { code, text, hosts } = await preview(name);
    assert.equal(code, 0, text);
    for (const host of hosts) assert.ok(text.includes(`prepare-${host}`), text);
  });
}

test("a version that only the lock beside the stack's file has is previewed, too", async () => {
  const version = "1.36.77";
  const of = (entries: object, value: unknown) =>
    Object.fromEntries(
      Object.entries(entries).flatMap(([name, it]) => (it.version === "kubernetes" ? [[name, { [version]: value }]] : [])),
    );
  const own = {
    files: of(lock.files, { amd64: "ab".repeat(32), arm64: "cd".repeat(32) }),
    images: of(lock.images, `sha256:${"ef".repeat(32)}`),
  };
  const refused = await preview("staging", { kubernetesVersion: version });
  assert.notEqual(refused.code, 0);
  assert.match(
    refused.text,
    /cluster\.kubernetesVersion is "1\.36\.77"\n.*allowed: .*\n.*cure: npm run lock -- add kubernetes 1\.36\.77/,
  );
  const taken = await preview("staging", { kubernetesVersion: version }, { "ha-kubernetes.lock.json": JSON.stringify(own) });
  assert.equal(taken.code, 0, taken.text);
});
