import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { configuredArtifacts } from "../../../providers/configured.ts";
import { scratch } from "../../harness/scratch.ts";

const folder = scratch();

test("artifacts come from where the config says, with the hashes of a bundle's manifest", () => {
  const manifest = join(folder, "manifest.json");
  const sha256 = "ab".repeat(32);
  writeFileSync(manifest, JSON.stringify({ files: { kubelet: { sha256, size: 1, origin: "built" } } }));
  assert.deepEqual(configuredArtifacts({ source: "official" }), { kind: "official", location: "" });
  const location = "https://mirror.example.com/k8s";
  assert.deepEqual(configuredArtifacts({ source: "mirror", location }), { kind: "mirror", location });
  const hashes = { sha256: { kubelet: sha256 } };
  assert.deepEqual(configuredArtifacts({ source: "mirror", location, manifest }), { kind: "mirror", location, ...hashes });
  const byDefault = { kind: "bundle", location: "/var/cache/ha-kubernetes/bundle", ...hashes };
  assert.deepEqual(configuredArtifacts({ source: "bundle", manifest }), byDefault);
  assert.deepEqual(configuredArtifacts({ source: "bundle", location: "/srv/bundle", manifest }), {
    ...byDefault,
    location: "/srv/bundle",
  });
});

test("a manifest that is missing or is not one is named with its key and the cure", () => {
  const wrong: [string, string | undefined, RegExp][] = [
    ["absent.json", undefined, /can't be read as JSON: ENOENT/],
    ["text.json", "no JSON", /can't be read as JSON: Unexpected token/],
    ["list.json", "[]", /is not a manifest: .*expected object/s],
    [
      "short.json",
      '{"files":{"kubelet":{"sha256":"ab"}}}',
      /is not a manifest: .*a SHA-256, 64 hex digits\n.*files\.kubelet\.sha256/s,
    ],
  ];
  for (const [name, content, message] of wrong) {
    const manifest = join(folder, name);
    if (content !== undefined) writeFileSync(manifest, content);
    assert.throws(
      () => configuredArtifacts({ source: "bundle", manifest }),
      (error: Error) =>
        error.message.startsWith(`config key ha-kubernetes:cluster.artifacts.manifest: ${manifest} `) &&
        message.test(error.message) &&
        error.message.endsWith("npm run bundle writes one"),
    );
  }
});
