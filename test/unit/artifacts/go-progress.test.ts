import assert from "node:assert/strict";
import { test } from "node:test";
import { GoProgress, progress } from "../../../artifacts/go-progress.ts";

const packages = (...names: string[]) => new Map(names.map((name) => [name.split(" ")[0] as string, name]));

test("packages that builds share count once, and cached ones count when their build ends", () => {
  const counted = new GoProgress(
    new Map([
      ["one", packages("fmt", "a v1", "b v1")],
      ["two", packages("fmt", "a v2", "c v1")],
    ]),
  );
  assert.match(`${counted}`, /^0 of 5 packages$/);
  counted.compiled("one", "a");
  counted.compiled("one", "not/listed");
  assert.match(`${counted}`, /^1 of 5 packages/);
  counted.ended("one");
  assert.match(`${counted}`, /^3 of 5 packages/);
  counted.ended("two");
  assert.match(`${counted}`, /^5 of 5 packages, about 0 min left$/);
});

test("the time that is left is that of the packages so far, and unknown at the beginning", () => {
  assert.equal(progress(0, 1000, 60), "0 of 1000 packages");
  assert.equal(progress(49, 1000, 60), "49 of 1000 packages");
  assert.equal(progress(250, 1000, 60), "250 of 1000 packages, about 3 min left");
  assert.equal(progress(1000, 1000, 600), "1000 of 1000 packages, about 0 min left");
});
