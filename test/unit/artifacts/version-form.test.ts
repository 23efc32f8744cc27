import assert from "node:assert/strict";
import { test } from "node:test";
import { inOrder, isDropped, unfit } from "../../../artifacts/version-form.ts";

test("a further version is a patch version, written as the known ones", () => {
  const known = ["1.36.3", "1.35.10", "1.35.4"];
  assert.equal(unfit("1.36.77", known), undefined);
  for (const version of ["1.36", "1.36.6-rc.1", "1.36.09", "01.36.1", "1.36.1/../x", "", "v1.36.1", "1.36.1.1", "constructor"])
    assert.equal(unfit(version, known), "is not a version such as 1.36.3", version);
  assert.equal(unfit("1.37.0", known), "is of a minor version that this release doesn't know: it knows 1.35, 1.36");
  assert.equal(unfit("1.9.1-flannel9", ["1.9.1-flannel1"]), undefined);
  assert.equal(unfit("1.9.2", ["1.9.1-flannel1"]), "is not a version such as 1.9.1-flannel1");
});

test("versions are in the order of their numbers; one older than every known minor version was dropped", () => {
  assert.deepEqual(inOrder(["1.10.0", "1.9.1-flannel3", "1.9.1-flannel1"]), ["1.9.1-flannel1", "1.9.1-flannel3", "1.10.0"]);
  assert.ok(isDropped("1.9.9", ["1.10.1", "1.11.0"]));
  assert.ok(!isDropped("1.10.0", ["1.10.1"]) && !isDropped("1.12.0", ["1.11.0"]));
});
