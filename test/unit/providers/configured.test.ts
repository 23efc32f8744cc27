import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { configuredArtifacts, configuredEndpoint } from "../../../providers/configured.ts";
import { clusterFrom, metal } from "../../harness/samples.ts";
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

test("the API's endpoint: a virtual IP, a balancer of yours by address or by name, or one on every node", () => {
  const endpoint = (balancer: object, api: object) =>
    configuredEndpoint(clusterFrom({ ...metal(), balancer, api: { domainName: "api.prod.internal", ...api } }));
  const address = "10.0.0.10";
  assert.deepEqual(endpoint({}, { address }), { kind: "haproxy", address, port: 8443 });
  assert.deepEqual(endpoint({ kind: "nginx" }, { address }), { kind: "haproxy", address, port: 8443 });
  assert.deepEqual(endpoint({ kind: "external" }, { address, port: 443 }), { kind: "given", address, port: 443 });
  const byName = { kind: "given", address: "api.prod.internal", port: 8443, inDns: true };
  assert.deepEqual(endpoint({ kind: "external" }, {}), byName);
  const local = { kind: "node-local", address: "127.0.0.1", port: 8443 };
  assert.deepEqual(endpoint({ kind: "node-local" }, {}), { ...local, outside: { address: "10.0.0.11", port: 6443 } });
  assert.deepEqual(endpoint({ kind: "node-local" }, { address }), { ...local, outside: { address, port: 8443 } });
  assert.throws(() => endpoint({}, {}), /cluster\.api\.address is missing/);
});
