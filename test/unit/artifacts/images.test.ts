import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { originOf, type Wanted, wantedFiles } from "../../../artifacts/bundle-plan.ts";
import { archivesOf, lockedImage } from "../../../artifacts/images.ts";
import { knownVersions } from "../../../artifacts/known-versions.ts";
import { type ImageLock, lock, resolveVersions } from "../../../artifacts/lock.ts";
import { buildsOfImages } from "../../../artifacts/recipes.ts";
import { scratch } from "../../harness/scratch.ts";

const { versions } = resolveVersions({ kubernetesVersion: "1.36.3", versions: {} });

/** A lock that somebody else brings, with one image to build and one to pull. */
const folder = scratch();
const pins = join(folder, "go/gauge-2.0.1");
mkdirSync(pins, { recursive: true });
writeFileSync(join(pins, "go.mod"), "module theirs\n");
const theirs: ImageLock = {
  path: join(folder, "lock.json"),
  versions: { "1.36": { gauge: "2.0.1", meter: "7.0.0" } },
  images: {
    gauge: {
      reference: "registry.example.com/gauge:v{version}",
      build: {
        project: "gauge",
        package: "example.com/gauge/cmd/gauge",
        entrypoint: "/gauge",
        variables: { "main.v": "v{version}" },
      },
      digests: { "2.0.1": `sha256:${"ab".repeat(32)}` },
    },
    meter: { reference: "registry.example.com/meter:{version}", digests: { "7.0.0": "unknown" } },
  },
};

test("an image of the program has the version of its part, and its full name", () => {
  const references = ["kube-proxy", "flannel", "coredns", "pause"].map((name) => lockedImage(name, versions).reference);
  assert.deepEqual(references, [
    "registry.k8s.io/kube-proxy:v1.36.3",
    "ghcr.io/flannel-io/flannel:v0.28.4",
    "registry.k8s.io/coredns/coredns:v1.14.2",
    "registry.k8s.io/pause:3.10.2",
  ]);
});

test("an image of another lock has the version that goes with the minor version of Kubernetes", () => {
  const { reference, digest, build } = lockedImage("gauge", versions, theirs);
  assert.equal(reference, "registry.example.com/gauge:v2.0.1");
  assert.equal(digest, `sha256:${"ab".repeat(32)}`);
  assert.equal(build?.folder, pins);
});

test("an image or a version that a lock lacks is refused with the lock's path", () => {
  const old = { ...versions, kubernetes: "1.35.4", coredns: "1.0.0" };
  const refused = (name: string, message: string, from?: ImageLock) =>
    assert.throws(() => lockedImage(name, old, from), { message });
  refused("gauge", "image gauge is not in artifacts/lock.json");
  refused("coredns", "image coredns version 1.0.0 is not in artifacts/lock.json; it has 1.14.6, 1.14.2, 1.13.1, 1.12.1");
  refused("gauge", `a set of images for Kubernetes version 1.35 is not in ${theirs.path}; it has 1.36`, theirs);
});

test("images that share an archive are one file, each other has its own", () => {
  const images = ["kube-apiserver", "kube-scheduler", "kube-proxy"].map((name) => lockedImage(name, versions));
  const files = [...archivesOf(images, "arm64")].map(([file, held]) => [file, ...held.map(({ name }) => name)]);
  assert.deepEqual(files, [
    ["images-control-plane-1.36.3-linux-arm64.tar", "kube-apiserver", "kube-scheduler"],
    ["images-kube-proxy-1.36.3-linux-arm64.tar", "kube-proxy"],
  ]);
});

test("a bundle holds those images of another lock that can be built, if asked to", () => {
  const files = (...others: ImageLock[]) => wantedFiles(versions, "amd64", "build", others).map(({ file }) => file);
  assert.deepEqual(
    files(theirs).filter((file) => !files().includes(file)),
    ["images-gauge-2.0.1-linux-amd64.tar"],
  );
});

test("an image is built as its lock says, the three of the control plane by one build", () => {
  assert.deepEqual(buildsOfImages([lockedImage("gauge", versions, theirs)]), [
    {
      folder: pins,
      version: "2.0.1",
      programs: { gauge: "example.com/gauge/cmd/gauge" },
      variables: { "main.v": "v2.0.1" },
    },
  ]);
  const three = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"];
  const builds = buildsOfImages(three.map((name) => lockedImage(name, versions)));
  assert.deepEqual(
    builds.map(({ programs }) => Object.keys(programs)),
    [three],
  );
});

test("an image whose modules nobody pinned is refused with the cure, before anything is built", () => {
  const versions = { "1.36": { gauge: "2.0.2", meter: "7.0.0" } };
  const gauge = { ...theirs.images.gauge, digests: { "2.0.2": "unknown" } } as ImageLock["images"][string];
  const wanted = wantedFiles(resolveVersions({ kubernetesVersion: "1.36.3", versions: {} }).versions, "amd64", "build", [
    { ...theirs, versions, images: { gauge } },
  ]);
  const file = wanted.find((item) => item.file.includes("gauge"));
  assert.throws(
    () => originOf(file as Wanted, "build", false),
    /^Error: image gauge 2\.0\.2 can't be built here: there is no .*npm run pin -- gauge 2\.0\.2$/,
  );
});

test("the lock has every image in every version that it recommends", () => {
  for (const kubernetesVersion of knownVersions().kubernetes) {
    const { versions } = resolveVersions({ kubernetesVersion, versions: {} });
    for (const name of Object.keys(lock.images)) assert.match(lockedImage(name, versions).reference, /^\S+:v?\d+\.\d+/);
  }
});
