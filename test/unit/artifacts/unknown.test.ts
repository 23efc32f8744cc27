import assert from "node:assert/strict";
import { test } from "node:test";
import { lockedImage } from "../../../artifacts/images.ts";
import { lockedFile, resolveVersions } from "../../../artifacts/lock.ts";
import { unknownFile, unknownImage } from "../../../artifacts/unknown.ts";

const { versions } = resolveVersions({ kubernetesVersion: "1.36.3", versions: {} });

test("a file is unknown if its hash is, and is named with its architecture", () => {
  const runc = lockedFile("runc", "1.4.3", "amd64");
  assert.deepEqual(unknownFile(runc, "amd64", versions), []);
  assert.deepEqual(unknownFile({ ...runc, sha256: "unknown" }, "arm64", versions), [
    { part: "runc", version: "1.4.3", what: "runc for arm64" },
  ]);
});

test("a program that is published in an image is known by the image's digest", () => {
  const plugin = lockedFile("flannel-cni", versions.flannelCni, "amd64");
  assert.equal(plugin.sha256, "unknown");
  assert.deepEqual(unknownFile(plugin, "amd64", versions), []);
});

test("an image is unknown if its digest is", () => {
  assert.deepEqual(unknownImage(lockedImage("kube-apiserver", versions)), []);
  assert.deepEqual(unknownImage(lockedImage("kube-proxy", versions)), [
    { image: "kube-proxy", part: "kubernetes", version: "1.36.3", what: "image registry.k8s.io/kube-proxy:v1.36.3" },
  ]);
});
