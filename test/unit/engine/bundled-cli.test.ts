import assert from "node:assert/strict";
import { chmodSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bundleCli, unbundle } from "../../../engine/bundled-cli.ts";
import { must } from "../../harness/process.ts";
import { scratch } from "../../harness/scratch.ts";

/** A program that says its version, as the CLI does. */
function cliOf(version: string) {
  const path = join(scratch(), "pulumi");
  writeFileSync(path, `#!/bin/sh\necho v${version}\n`);
  chmodSync(path, 0o755);
  return { path, version };
}
const said: string[] = [];
const say = (line: string) => void said.push(line);

test("a CLI goes into the bundle once, and comes out into the cache as a program; the newest one counts", async () => {
  const [bundle, cache] = [scratch(), join(scratch(), "engine")];
  const name = await bundleCli(bundle, cliOf("3.99.0"));
  assert.equal(await bundleCli(bundle, cliOf("3.99.0")), name);
  await bundleCli(bundle, cliOf("3.274.1"));
  await unbundle(bundle, cache, say);
  assert.deepEqual(readdirSync(cache), ["v3.274.1"]);
  assert.equal(await must(join(cache, "v3.274.1/pulumi"), []), "v3.274.1\n");
  assert.match(said.join("\n"), /the Pulumi CLI 3\.274\.1 comes from the bundle/);
  assert.deepEqual(
    readdirSync(bundle).filter((file) => file.startsWith(".")),
    [],
  );
});

test("a changed file is refused; a bundle without a CLI, and none at all, change nothing", async () => {
  const [bundle, cache] = [scratch(), join(scratch(), "engine")];
  await unbundle(bundle, cache, say);
  await unbundle(join(bundle, "none"), cache, say);
  const name = await bundleCli(bundle, cliOf("3.274.1"));
  writeFileSync(join(bundle, name), "x", { flag: "a" });
  await assert.rejects(unbundle(bundle, cache, say), new RegExp(`${name} is not the file of the bundle's manifest`));
  assert.ok(!existsSync(cache));
});
