import assert from "node:assert/strict";
import { test } from "node:test";
import { fullName, imageProblems } from "../../../../addons/custom/images.ts";

const pod = (...containers: object[]) => ({ containers });
const object = (kind: string, spec: object) => ({ apiVersion: "v1", kind, metadata: { name: "web" }, spec });
const onNodes = new Set(["registry.example.com/web:1", "docker.io/library/nginx:latest"]);
const found = (kind: string, spec: object) =>
  imageProblems(["addons", "custom", "web", "files", 0], "web", [object(kind, spec)], onNodes).map((it) => it.found);

test("an image has the name that containerd gives it", () => {
  for (const [image, name] of [
    ["nginx", "docker.io/library/nginx:latest"],
    ["grafana/grafana:13", "docker.io/grafana/grafana:13"],
    ["localhost/a", "localhost/a:latest"],
    ["registry:5000/a:1", "registry:5000/a:1"],
    ["ghcr.io/a/b:1@sha256:00", "ghcr.io/a/b:1@sha256:00"],
    ["ghcr.io/a/b@sha256:00", "ghcr.io/a/b@sha256:00"],
  ] as const)
    assert.equal(fullName(image), name);
});

test("images of each kind of pod are found, and those that nodes have are taken", () => {
  const spec = pod({ image: "registry.example.com/web:1" }, { image: "quay.io/other:2" });
  const refused = (kind: string) => [`holds ${kind} web with the image quay.io/other:2, which no archive of the bundle brings`];
  assert.deepEqual(found("Pod", spec), refused("Pod"));
  for (const kind of ["Deployment", "DaemonSet", "StatefulSet", "Job"])
    assert.deepEqual(found(kind, { template: { spec } }), refused(kind));
  assert.deepEqual(found("CronJob", { jobTemplate: { spec: { template: { spec } } } }), refused("CronJob"));
  assert.deepEqual(
    found("Deployment", { template: { spec: { initContainers: [{ image: "quay.io/other:2" }] } } }),
    refused("Deployment"),
  );
  assert.deepEqual(found("Widget", { size: 1 }), []);
  assert.deepEqual(found("Pod", pod({ image: "registry.example.com/web:1" })), []);
});

test("an image that kubelet asks the registry for at each start is refused, too", () => {
  const always = /is pulled at each start of a pod$/;
  assert.match(found("Pod", pod({ image: "nginx" })).join(), always);
  assert.match(found("Pod", pod({ image: "registry.example.com/web:1", imagePullPolicy: "Always" })).join(), always);
  assert.deepEqual(found("Pod", pod({ image: "nginx", imagePullPolicy: "IfNotPresent" })), []);
});

test("an image by digest alone is not found by its tag, and the problem says so", () => {
  const spec = pod({ image: "registry.example.com/web@sha256:00" });
  const [problem] = imageProblems(["addons"], "web", [object("Pod", spec)], onNodes);
  assert.match(problem?.cure ?? "", /by its tag/);
});
