import { asMeant } from "./meant.ts";
import type { Problem } from "./problems.ts";
import { readable } from "./readable.ts";
import { findings, rules, warnings } from "./rules.ts";
import { type Cluster, clusterSchema } from "./schema.ts";
import { isMapping, secretProblems, shapeProblems } from "./shape.ts";
import type { KnownVersions } from "./versions.ts";

/** A config that may be used, or everything that is wrong with it. */
export type Parsed = { ok: true; cluster: Cluster; warnings: Problem[] } | { ok: false; problems: Problem[] };

/** No key of the schema is half as deep. */
const deepest = 50;

/** Whether a value is nested deeper than any config, and perhaps than what walks through it can go. */
function isDeep(value: unknown): boolean {
  let level = [value];
  for (let depth = 0; depth <= deepest && level.length > 0; depth++)
    level = level.flatMap((inner) => (typeof inner === "object" && inner !== null ? Object.values(inner) : []));
  return level.length > 0;
}

/**
 * Checks a cluster config and fills in its defaults. Pure.
 *
 * Every problem is reported at once: of each key by itself, and of the rules over several keys as far as what they read is right.
 */
export function parseCluster(written: unknown, known: KnownVersions): Parsed {
  if (isDeep(written)) {
    const allowed = "mappings and lists as docs/config.md has them";
    return { ok: false, problems: [{ key: "cluster", found: `is nested deeper than ${deepest} levels`, allowed }] };
  }
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
