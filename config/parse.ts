import { asMeant } from "./meant.ts";
import type { Problem } from "./problems.ts";
import { readable } from "./readable.ts";
import { findings, rules, warnings } from "./rules.ts";
import { type Cluster, clusterSchema } from "./schema.ts";
import { isMapping, secretProblems, shapeProblems } from "./shape.ts";
import type { KnownVersions } from "./versions.ts";

/** A config that may be used, or everything that is wrong with it. */
export type Parsed = { ok: true; cluster: Cluster; warnings: Problem[] } | { ok: false; problems: Problem[] };

/**
 * Checks a cluster config and fills in its defaults. Pure.
 *
 * Every problem is reported at once: of each key by itself, and of the rules over several keys as far as what they read is right.
 */
export function parseCluster(written: unknown, known: KnownVersions): Parsed {
  const secrets = secretProblems(written);
  const { value, warnings: words, problems: unusable } = asMeant(written);
  const result = clusterSchema.safeParse(value);
  const before = [...secrets, ...unusable];
  if (result.success && before.length === 0) {
    const problems = findings(rules, result.data, known);
    if (problems.length > 0) return { ok: false, problems };
    return { ok: true, cluster: result.data, warnings: [...words, ...findings(warnings, result.data, known)] };
  }
  const named = new Set(before.map(({ key }) => key));
  const shape = shapeProblems(value, result.error?.issues ?? []).filter(({ key }) => !named.has(key));
  const broken = isMapping(value) ? findings(rules, readable(clusterSchema, value), known) : [];
  return { ok: false, problems: [...before, ...shape, ...broken] };
}
