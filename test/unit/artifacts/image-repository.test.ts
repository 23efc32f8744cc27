import assert from "node:assert/strict";
import { test } from "node:test";
import { inRepository } from "../../../artifacts/image-repository.ts";
import { lock } from "../../../artifacts/lock.ts";
import { awsLock } from "../../../providers/aws/addons/lock.ts";

test("an image is in a repository of one's own by its last name and its tag", () => {
  const own = "registry.example.com:5000/infra/k8s";
  assert.equal(inRepository("registry.k8s.io/kube-apiserver:v1.36.3", own), `${own}/kube-apiserver:v1.36.3`);
  assert.equal(inRepository("registry.k8s.io/coredns/coredns:v1.14.2", own), `${own}/coredns:v1.14.2`);
  assert.equal(inRepository("registry.k8s.io/coredns/coredns:v1.14.2", undefined), "registry.k8s.io/coredns/coredns:v1.14.2");
});

test("no two images of the locks have one name there", () => {
  const names = [lock, awsLock].flatMap(({ images }) =>
    Object.values(images).map(({ reference }) => inRepository(reference, "r").split(":")[0]),
  );
  assert.deepEqual(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
  );
});
