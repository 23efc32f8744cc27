import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCluster } from "../../../config/parse.ts";
import { known } from "../../harness/samples.ts";
import { allWarnings } from "./every-rule.ts";
import { warnedAddresses } from "./warned.ts";
import { warnedSettings, warnedUnused } from "./warned-settings.ts";

const warned = [...warnedAddresses, ...warnedSettings, ...warnedUnused];

for (const { of, from, edit, keys } of warned) {
  test(`a word on ${of}`, () => {
    const config = from();
    edit(config);
    const parsed = parseCluster(JSON.parse(JSON.stringify(config)), known);
    assert.ok(parsed.ok, JSON.stringify(parsed));
    assert.deepEqual(
      parsed.warnings.map(({ key }) => key),
      keys,
    );
  });
}

test("every warning is met by some config", () => {
  const unmet = allWarnings.filter(
    (rule) =>
      !warned.some(({ from, edit }) => {
        const config = from();
        edit(config);
        const parsed = parseCluster(JSON.parse(JSON.stringify(config)), known);
        return parsed.ok && rule.check(parsed.cluster, known).length > 0;
      }),
  );
  assert.deepEqual(
    unmet.map(({ says }) => says),
    [],
  );
});
