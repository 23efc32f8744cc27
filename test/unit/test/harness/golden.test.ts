import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { golden } from "../../../harness/golden.ts";

test("a golden file is written only when it is renewed, and a text that differs from it fails", (t) => {
  const folder = `${mkdtempSync(join(tmpdir(), "ha-kubernetes-golden-"))}/`;
  const before = process.env.HA_KUBERNETES_GOLDEN;
  t.after(() => {
    rmSync(folder, { recursive: true });
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
