import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { golden } from "../../../harness/golden.ts";
import { scratch } from "../../../harness/scratch.ts";

test("a golden file is written only when it is renewed, and a text that differs from it fails", (t) => {
  const folder = `${scratch()}/`;
  const before = process.env.HA_KUBERNETES_GOLDEN;
  t.after(() => {
    if (before === undefined) delete process.env.HA_KUBERNETES_GOLDEN;
    else process.env.HA_KUBERNETES_GOLDEN = before;
  });
  delete process.env.HA_KUBERNETES_GOLDEN;
  assert.throws(() => golden("etcd/unit", "one\n", folder), /test\/golden\/etcd\/unit differs: run `npm run golden`/);
  process.env.HA_KUBERNETES_GOLDEN = "renew";
  golden("etcd/unit", "one\n", folder);
  assert.equal(readFileSync(`${folder}etcd/unit`, "utf8"), "one\n");
  delete process.env.HA_KUBERNETES_GOLDEN;
  golden("etcd/unit", "one\n", folder);
  assert.throws(() => golden("etcd/unit", "two\n", folder), /differs/);
});
