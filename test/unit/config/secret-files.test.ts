import assert from "node:assert/strict";
import { test } from "node:test";
import { checkStack } from "../../../config/load.ts";
import { fileWords } from "../../../config/stack-file.ts";
import { known, lab } from "../../harness/samples.ts";

/** Every problem and warning of a stack whose secret `files` is this text, by its key. */
function words(files: string | undefined): string[] {
  const config = lab();
  config.api.files = { "encryption.yaml": { secret: true } };
  const values = {
    "ha-kubernetes:cluster": JSON.stringify(config),
    ...(files !== undefined && { "ha-kubernetes:files": files }),
  };
  const checked = checkStack({ values, secretKeys: files === undefined ? [] : ["ha-kubernetes:files"] }, known);
  const all = checked.ok ? checked.warnings : checked.problems;
  assert.ok(!JSON.stringify(all).includes("hunter2"));
  return all.map(({ key, found }) => `${key} ${found}`);
}

test("a secret file needs its content in the stack's secret", () => {
  const missing = "cluster.api.files.encryption.yaml has no content";
  assert.deepEqual(words(undefined), [missing]);
  assert.deepEqual(words('{"other.yaml":"hunter2"}'), [missing]);
  assert.deepEqual(words('{"encryption.yaml":"hunter2"}'), []);
  assert.deepEqual(words('{"encryption.yaml":"hunter2","other.yaml":"x"}'), ["ha-kubernetes:files.other.yaml is not used"]);
});

test("anything but a mapping of texts is refused, and nothing of it is shown", () => {
  assert.deepEqual(words("hunter2"), ["ha-kubernetes:files is not JSON (not shown)"]);
  assert.deepEqual(words('"hunter2"'), ["ha-kubernetes:files is not a mapping (not shown)"]);
  assert.deepEqual(words('{"encryption":{"yaml":"hunter2"}}'), ["ha-kubernetes:files.encryption is not a text (not shown)"]);
});

test("a content in clear beside encrypted ones is refused", () => {
  const text = "config:\n  ha-kubernetes:files:\n    a.yaml: { secure: abc }\n    b.yaml: hunter2\n";
  const { clear } = fileWords(text, undefined);
  assert.deepEqual(
    clear.map(({ key, found }) => `${key} ${found}`),
    ["ha-kubernetes:files.b.yaml is in clear in the stack's file (line 4)"],
  );
});
