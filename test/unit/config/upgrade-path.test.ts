import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { pathOf } from "../../../config/upgrade-path.ts";
import { minorSteps } from "../../../config/versions.ts";
import { clusterFrom, known, metal } from "../../harness/samples.ts";
import { three } from "./changes-samples.ts";

const on = (kubernetesVersion: string, upgradePath: "auto" | "step") => ({
  ...clusterFrom(metal()),
  kubernetesVersion,
  upgradePath,
});
const path = (from: string, to: string, upgradePath: "auto" | "step" = "auto", kubernetesPath?: string[]) =>
  pathOf({ ...three(), kubernetesVersion: from, kubernetesPath }, on(to, upgradePath), known);

test("the way goes through the newest known version of each minor one between", () => {
  assert.deepEqual(path("1.34.4", "1.36.3"), ["1.35.4"]);
  assert.deepEqual(path("1.33.13", "1.36.1"), ["1.34.4", "1.35.4"]);
});

test("there is none where the way is one step, back, or nowhere", () => {
  assert.deepEqual(path("1.35.4", "1.36.3"), []);
  assert.deepEqual(path("1.36.1", "1.36.3"), []);
  assert.deepEqual(path("1.36.3", "1.34.4"), []);
  assert.deepEqual(path("1.36.3", "1.36.3"), []);
  assert.deepEqual(pathOf(undefined, on("1.36.3", "auto"), known), []);
});

test("the way goes through versions alone that can be had whole from where the files come from", () => {
  const some = { ...known, whole: { published: ["1.34.4", "1.35.8"], built: ["1.34.4"] } };
  const from = { ...three(), kubernetesVersion: "1.34.4" };
  const to = on("1.36.3", "auto");
  assert.deepEqual(pathOf(from, to, some), ["1.35.8"]);
  assert.deepEqual(pathOf(from, { ...to, artifacts: { ...to.artifacts, source: "mirror", manifest: "/m.json" } }, some), []);
});

test("there is none unless it is asked for, or where a minor version is not known, or for more than kubelets allow", () => {
  assert.deepEqual(path("1.34.4", "1.36.3", "step"), []);
  assert.deepEqual(path("1.31.2", "1.34.4"), []);
  assert.deepEqual(path("1.32.1", "1.36.3"), []);
});

test("the way stays as long as the version does, whatever is asked for now: the last up may have failed on it", () => {
  assert.deepEqual(path("1.36.3", "1.36.3", "step", ["1.35.4"]), ["1.35.4"]);
  assert.deepEqual(path("1.35.4", "1.36.3", "auto", ["1.34.4"]), []);
});

test("whatever the versions, each step of a way is one minor version", () => {
  const version = fc.constantFrom(...known.kubernetes);
  let walked = 0;
  fc.assert(
    fc.property(version, version, (from, to) => {
      const between = path(from, to);
      if (between.length === 0) return;
      walked++;
      const all = [from, ...between, to];
      for (const [index, next] of all.slice(1).entries()) assert.equal(minorSteps(all[index] as string, next), 1, all.join(" "));
    }),
  );
  assert.ok(walked > 10, `only ${walked} ways were walked`);
});
