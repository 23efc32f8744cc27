import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readManifest } from "../../../artifacts/bundle-manifest.ts";
import type { ImageLock } from "../../../artifacts/lock.ts";
import { hasManifest, lockedManifest, makeManifest } from "../../../artifacts/manifests.ts";
import { scratch } from "../../harness/scratch.ts";

// Published manifests in a bundle, made from a module. go is a stand-in that has it.

const module = scratch();
mkdirSync(join(module, "crds/more"), { recursive: true });
writeFileSync(join(module, "one.yaml"), "kind: One");
writeFileSync(join(module, "crds/b.yaml"), "kind: B\n");
writeFileSync(join(module, "crds/a.yaml"), "kind: A\n\n");
writeFileSync(join(module, "crds/note.md"), "no object");
const programs = scratch();
const answer = JSON.stringify({ Dir: module, Version: "v1.2.3", Sum: "h1:abc=" });
writeFileSync(join(programs, "go"), `#!/bin/bash\n[ "$1" != version ] || { echo go version go1.26; exit; }\necho '${answer}'\n`, {
  mode: 0o755,
});
process.env.PATH = `${programs}:${process.env.PATH}`;

const lock = (sha256: string, build = true): ImageLock => ({
  path: "addons/lock.json",
  images: {},
  versions: { "1.36": { widgets: "1.2.3" } },
  manifests: {
    widgets: {
      url: "http://127.0.0.1:9/v{version}.yaml",
      sha256: { "1.2.3": sha256 },
      ...(build && { build: { project: "metrics-server", module: "example.com/widgets", files: ["one.yaml", "crds"] } }),
    },
  },
});
// biome-ignore lint/suspicious/noExplicitAny: of versions it reads that of Kubernetes alone
const versions = { kubernetes: "1.36.4" } as any;
const locked = (sha256: string, build?: boolean) => ({
  ...lockedManifest("widgets", versions, lock(sha256, build)),
  ...(build !== false && { build: { project: "", module: "example.com/widgets", files: ["one.yaml", "crds"], folder: module } }),
});

test("files and folders of a module become one manifest, noted with the module that they are of", async () => {
  const args = { folder: scratch(), source: "auto" as const, manifest: locked("unknown") };
  assert.equal(args.manifest.url, "http://127.0.0.1:9/v1.2.3.yaml");
  assert.equal(await hasManifest(args), false);
  await makeManifest(args);
  const text = readFileSync(join(args.folder, "widgets-1.2.3.yaml"), "utf8");
  assert.equal(text, "---\nkind: One\n---\nkind: A\n---\nkind: B\n");
  const entry = readManifest(args.folder).files["widgets-1.2.3.yaml"];
  assert.deepEqual([entry?.origin, entry?.from], ["built", ["example.com/widgets@v1.2.3 h1:abc="]]);
  assert.equal(await hasManifest(args), true);
  // Not where the official file is asked for.
  assert.equal(await hasManifest({ ...args, source: "official" }), false);
});

test("one without a known hash, or that nothing builds, is said", async () => {
  const folder = scratch();
  await assert.rejects(
    makeManifest({ folder, source: "official", manifest: locked("unknown") }),
    /SHA-256 of manifest widgets 1\.2\.3 .* is unknown: run this with --source auto or build/,
  );
  await assert.rejects(makeManifest({ folder, source: "build", manifest: locked("unknown", false) }), /is unknown$/);
  assert.throws(() => lockedManifest("gadgets", versions, lock("unknown")), /manifest gadgets is not in addons\/lock\.json/);
});
