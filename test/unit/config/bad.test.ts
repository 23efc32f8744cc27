import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCluster } from "../../../config/parse.ts";
import { problemText } from "../../../config/problems.ts";
import { rules } from "../../../config/rules.ts";
import { clusterSchema } from "../../../config/schema.ts";
import { badAddresses } from "./bad-addresses.ts";
import { badApi } from "./bad-api.ts";
import { badArguments } from "./bad-arguments.ts";
import { badAws } from "./bad-aws.ts";
import { badHosts } from "./bad-hosts.ts";
import { badKeys } from "./bad-keys.ts";
import { badLimits } from "./bad-limits.ts";
import { badNames } from "./bad-names.ts";
import { badNetworks } from "./bad-networks.ts";
import { badNodes } from "./bad-nodes.ts";
import { badPaths } from "./bad-paths.ts";
import { badSettings } from "./bad-settings.ts";
import { badWords } from "./bad-words.ts";
import { known, type Written } from "./samples.ts";

/** What a user would read, one text for each problem. */
function complaints(config: Written): string[] {
  // Through JSON, as Pulumi hands a mapping over.
  const parsed = parseCluster(JSON.parse(JSON.stringify(config)), known);
  return parsed.ok ? [] : parsed.problems.map((problem) => problemText(problem).replaceAll("\n    ", " | "));
}

const all = [
  ...badKeys,
  ...badHosts,
  ...badNetworks,
  ...badAddresses,
  ...badPaths,
  ...badNames,
  ...badLimits,
  ...badWords,
  ...badNodes,
  ...badArguments,
  ...badSettings,
  ...badAws,
  ...badApi,
];

for (const { mistake, from, edit, says } of all) {
  test(`bad config: ${mistake}`, () => {
    const config = from();
    assert.deepEqual(complaints(config), [], "the config is right before the edit");
    edit(config);
    assert.deepEqual(complaints(config), says);
  });
}

test("every rule is broken by some bad config", () => {
  const configs = all.map(({ from, edit }) => {
    const config = from();
    edit(config);
    return JSON.parse(JSON.stringify(config));
  });
  const unbroken = rules.filter(
    (rule) =>
      !configs.some((config) => {
        const { data } = clusterSchema.safeParse(config);
        return data !== undefined && rule.check(data, known).length > 0;
      }),
  );
  assert.deepEqual(
    unbroken.map(({ says }) => says),
    [],
  );
});
