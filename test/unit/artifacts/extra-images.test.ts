import assert from "node:assert/strict";
import { test } from "node:test";
import { bundleOptions } from "../../../addons/bundle-options.ts";
import { everyAddonOf } from "../../../addons/registry.ts";
import { pulledArchives } from "../../../artifacts/bundle-plan.ts";
import { extraImage } from "../../../artifacts/extra-images.ts";
import { resolveVersions } from "../../../artifacts/lock.ts";
import { pinnedImage } from "../../../config/places.ts";
import { artifactsFor } from "../../../hosts/artifact-list.ts";
import { clusterFrom, metal } from "../../harness/samples.ts";

const digest = `sha256:${"ab".repeat(32)}`;
const image = `ghcr.io/stefanprodan/podinfo:6.7.1@${digest}`;
const file = "images-podinfo-abababababab-6.7.1-linux-amd64.tar";
const cluster = clusterFrom({
  ...metal(),
  artifacts: { source: "official", extraImages: [image], imageRepository: "r.example.com/k" },
});
const { versions } = resolveVersions(cluster);
const addons = everyAddonOf(cluster);

test("every node takes them: from the bundle's archive, else by digest under their own names", () => {
  const of = (role: "worker" | "etcd", source: Parameters<typeof artifactsFor>[0]["source"]) =>
    artifactsFor({ roles: [role], versions, architecture: "amd64", source, addons: addons.slice(-1) }).text.split("\n");
  const official = { kind: "official", location: "", imageRepository: "r.example.com/k" } as const;
  assert.ok(of("worker", official).includes(`pull ${digest} ghcr.io/stefanprodan/podinfo:6.7.1`));
  assert.ok(!of("etcd", official).some((line) => line.includes("podinfo")));
  assert.throws(() => of("worker", { kind: "bundle", location: "/b", sha256: {} }), new RegExp(file));
});

test("the bundle that the config needs has them", () => {
  assert.ok(bundleOptions(cluster).includes(`--image ${image}`));
  assert.deepEqual(
    pulledArchives([extraImage(image)], "amd64").map((it) => it.file),
    [file],
  );
});

test("one without registry, tag or digest is refused", () => {
  assert.ok(pinnedImage.safeParse(image).success);
  assert.ok(pinnedImage.safeParse(`registry.example.com:5000/a:1@${digest}`).success);
  for (const wrong of [
    `podinfo:6.7.1@${digest}`,
    `stefanprodan/podinfo:6.7.1@${digest}`,
    `ghcr.io/stefanprodan/podinfo@${digest}`,
    "ghcr.io/stefanprodan/podinfo:6.7.1",
    `ghcr.io/stefanprodan/podinfo:6.7.1@${digest.slice(0, -1)}`,
    `ghcr.io/Stefan/podinfo:6.7.1@${digest}`,
    `ghcr.io/a/podinfo:6 7@${digest}`,
  ])
    assert.ok(!pinnedImage.safeParse(wrong).success, wrong);
});
