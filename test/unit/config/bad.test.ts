import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCluster } from "../../../config/parse.ts";
import { known, type Written } from "../../harness/samples.ts";
import { badConfigs } from "./bad.ts";
import { allRules, readable } from "./every-rule.ts";

/** The keys of all problems. */
function keys(config: Written): string[] {
  // Through JSON, as Pulumi hands a mapping over.
  const parsed = parseCluster(JSON.parse(JSON.stringify(config)), known);
  return parsed.ok ? [] : parsed.problems.map(({ key }) => key);
}

for (const { mistake, from, edit, keys: wrong } of badConfigs) {
  test(`bad config: ${mistake}`, () => {
    const config = from();
    assert.deepEqual(keys(config), [], "the config is right before the edit");
    edit(config);
    assert.deepEqual(keys(config), wrong);
  });
}

test("every rule is broken by some bad config", () => {
  const clusters = badConfigs.flatMap(({ from, edit }) => {
    const config = from();
    edit(config);
    return readable(config) ?? [];
  });
  const unbroken = allRules.filter((rule) => !clusters.some((cluster) => rule.check(cluster, known).length > 0));
  assert.deepEqual(
    unbroken.map(({ says }) => says),
    [],
  );
});
