import assert from "node:assert/strict";
import { test } from "node:test";
import { changeWarnings } from "../../../../config/changes/warnings.ts";
import { type Recorded, record } from "../../../../config/record.ts";
import { clusterFrom, known, metal } from "../../../harness/samples.ts";

function recorded(encrypts: boolean): Recorded {
  const config = metal();
  if (encrypts) {
    config.api.files = { "encryption.yaml": { secret: true } };
    config.api.extraArgs = { "encryption-provider-config": "/etc/kubernetes/kube-apiserver/encryption.yaml" };
  }
  return record(clusterFrom(config), known);
}

test("encryption that comes into a living cluster, or goes, is warned of, with the order of the two edits", () => {
  const [plain, encrypted] = [recorded(false), recorded(true)];
  const [comes] = changeWarnings(plain, encrypted);
  assert.match(
    `${comes?.key} ${comes?.found} ${comes?.allowed}`,
    /encryption-provider-config is new .*`identity: \{\}` as the first/,
  );
  const [goes] = changeWarnings(encrypted, plain);
  assert.match(`${goes?.found}`, /^is gone/);
  for (const [before, after] of [
    [undefined, encrypted],
    [encrypted, encrypted],
    [plain, plain],
  ] as const)
    assert.deepEqual(changeWarnings(before, after), []);
});
