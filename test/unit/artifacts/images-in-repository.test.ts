import assert from "node:assert/strict";
import { test } from "node:test";
import { imageReferences } from "../../../addons/addon.ts";
import { addonLock } from "../../../addons/lock.ts";
import { addons } from "../../../addons/registry.ts";
import { inRepository } from "../../../artifacts/images.ts";
import { knownVersions } from "../../../artifacts/known-versions.ts";
import { filled, lock, resolveVersions } from "../../../artifacts/lock.ts";
import { artifactsFor } from "../../../hosts/artifact-list.ts";
import { awsLock } from "../../../providers/aws/addons/lock.ts";
import { clusterFrom, metal } from "../../harness/samples.ts";

test("an image is in a repository of one's own by its last name and its tag", () => {
  const own = "registry.example.com:5000/infra/k8s";
  assert.equal(inRepository("registry.k8s.io/kube-apiserver:v1.36.3", own), `${own}/kube-apiserver:v1.36.3`);
  assert.equal(inRepository("quay.io/metallb/controller:v0.16.1", own), `${own}/metallb-controller:v0.16.1`);
  assert.equal(inRepository("registry.k8s.io/coredns/coredns:v1.14.2", own), `${own}/coredns:v1.14.2`);
  assert.equal(inRepository("registry.k8s.io/coredns/coredns:v1.14.2", undefined), "registry.k8s.io/coredns/coredns:v1.14.2");
});

test("no two images of the locks have one name and one tag there", () => {
  const names = [lock, addonLock, awsLock].flatMap(({ images }) =>
    Object.values(images).flatMap(({ digests, reference }) =>
      Object.keys(digests).map((version) => inRepository(filled(reference, version), "r")),
    ),
  );
  assert.deepEqual(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
  );
});

test("hosts pull from there by the digests of the lock, and pods of add-ons name it", () => {
  const own = "registry.example.com:5000/k8s";
  const kubernetesVersion = knownVersions().whole.published.at(-1);
  const cluster = clusterFrom({ ...metal(), kubernetesVersion, artifacts: { imageRepository: own } });
  const { versions } = resolveVersions(cluster);
  const source = { kind: "mirror" as const, location: "https://files.example.com", imageRepository: own };
  const { text } = artifactsFor({ roles: ["control-plane"], versions, architecture: "amd64", source });
  const pulled = text.split("\n").filter((line) => /^(pull|image-program) /.test(line));
  assert.ok(pulled.length >= 7);
  const digests = Object.values(lock.images).flatMap((image) => Object.values(image.digests));
  for (const [, digest = "", image = ""] of pulled.map((line) => line.split(" "))) {
    assert.match(image, /^registry\.example\.com:5000\/k8s\/[a-z-]+:/);
    assert.ok(digests.includes(digest));
  }
  const named = addons.flatMap((addon) => Object.values(imageReferences(addon, versions, cluster)));
  assert.ok(named.length > 0 && named.every((image) => image.startsWith(`${own}/`)));
});
