import assert from "node:assert/strict";
import { test } from "node:test";
import { readToml } from "../../../config/toml.ts";

test("TOML is read with its dotted and quoted keys", () => {
  assert.deepEqual(JSON.parse(JSON.stringify(readToml("a.'b.c'.\"d\" = 1\n[e]\nf = ['x']\n[[g]]\nh = true\n"))), {
    table: { a: { "b.c": { d: 1 } }, e: { f: ["x"] }, g: [{ h: true }] },
  });
});

test("another text is said to be none, in one line with the place", () => {
  const read = readToml("a = 1\nfoo bar ] [\n");
  assert.match("fault" in read ? read.fault : "", /^line 2, column \d+: [^\n]+$/);
});
