import type { Change, Refusal } from "../../../config/changes/change.ts";
import { refusals } from "../../../config/changes.ts";
import { sectionProblems, sectionRule } from "../../../config/provider.ts";
import type { Rule } from "../../../config/rules/rule.ts";
import { rules, warnings } from "../../../config/rules.ts";
import type { Cluster } from "../../../config/schema.ts";
import { providers } from "../../../providers/index.ts";
import { clusterFrom, known, type Written } from "../../harness/samples.ts";

/** Every rule, warning and refusal: the shared ones, and those of each provider, which see nothing of others. */
const ofProviders = (kind: "rules" | "warnings"): Rule[] =>
  providers.flatMap((provider) =>
    (provider[kind] ?? []).map(({ says, check }) => ({
      says,
      check: (cluster, versions) =>
        cluster.provider === provider.name && sectionProblems(cluster, known).length === 0 ? check(cluster, versions) : [],
    })),
  );
export const allRules: readonly Rule[] = [
  { says: sectionRule, check: (cluster) => sectionProblems(cluster, known) },
  ...rules,
  ...ofProviders("rules"),
];
export const allWarnings: readonly Rule[] = [...warnings, ...ofProviders("warnings")];
export const allRefusals: readonly Refusal[] = [
  ...refusals,
  ...providers.flatMap(({ name, refusals = [] }) =>
    refusals.map((refusal) => ({
      ...refusal,
      check: (change: Change) => (change.after.provider === name ? refusal.check(change) : []),
    })),
  ),
];

/** A config with its defaults, whatever the rules say of it; undefined where a key is wrong by itself. */
export const readable = (config: Written): Cluster | undefined =>
  known.schema.safeParse(JSON.parse(JSON.stringify(config))).success ? clusterFrom(config) : undefined;
