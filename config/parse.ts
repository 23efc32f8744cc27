import { listOf } from "./addresses.ts";
import { asMeant } from "./meant.ts";
import { oneProblem, type Problem } from "./problems.ts";
import { type Known, providerOf, sectionProblems } from "./provider.ts";
import { findings, rules, warnings } from "./rules.ts";
import type { Cluster, PlainCluster } from "./schema.ts";
import { isMapping, secretProblems, shapeProblems } from "./shape.ts";
import { withSize } from "./sizes.ts";
import type { ProviderTraits } from "./traits.ts";
import { originOf } from "./versions.ts";

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

/** The traits of the provider that a config names, as far as it names one that is known. */
const traitsOf = (value: unknown, known: Known) =>
  isMapping(value) ? known.providers.find(({ name }) => name === value.provider)?.traits : undefined;

/** An address that was written for one family or for both: the first one by itself. */
function splitAddress<T extends { address?: string | undefined }>(of: T): T & { secondAddress?: string } {
  const [address, secondAddress] = of.address === undefined ? [] : listOf(of.address);
  return secondAddress === undefined ? of : { ...of, address, secondAddress };
}

/**
 * The cluster as the program knows it: addresses of two families apart, and with a Kubernetes version, its own or the newest that can be
 * had from where its files come from.
 */
export function completed(plain: PlainCluster, traits: ProviderTraits, known: Pick<Known, "defaults">): Cluster {
  const { kubernetesVersion, ...rest } = plain;
  const hosts = Object.fromEntries(Object.entries(plain.hosts).map(([name, host]) => [name, splitAddress(host)]));
  const cluster = { ...rest, traits, hosts, api: splitAddress(plain.api) };
  if (kubernetesVersion !== undefined) return { ...cluster, kubernetesVersion };
  return { ...cluster, kubernetesVersion: known.defaults[originOf(cluster)], defaultVersion: true };
}

/**
 * Checks a cluster config and fills in its defaults. Pure.
 *
 * All problems of single keys are reported at once. The rules over several keys come next, once every key is right by itself: they
 * report all their problems at once too.
 */
export function parseCluster(written: unknown, known: Known): Parsed {
  if (isDeep(written)) {
    const allowed = "mappings and lists as docs/config.md has them";
    return { ok: false, problems: oneProblem("cluster", `is nested deeper than ${deepest} levels`, allowed) };
  }
  const secrets = secretProblems(written);
  const meant = asMeant(known.schema, written);
  const { warnings: words, problems: unusable } = meant;
  const value = withSize(meant.value, traitsOf(meant.value, known));
  const { data, error } = known.schema.safeParse(value);
  const before = [...secrets, ...unusable];
  if (data === undefined || before.length > 0) {
    const named = new Set(before.map(({ key }) => key));
    const shape = shapeProblems(known, value, error?.issues ?? []).filter(({ key }) => !named.has(key));
    return { ok: false, problems: [...before, ...shape] };
  }
  const misplaced = sectionProblems(data, known);
  if (misplaced.length > 0) return { ok: false, problems: misplaced };
  const provider = providerOf(known, data.provider);
  const cluster = completed(data, provider.traits, known);
  const problems = findings([...rules, ...(provider.rules ?? [])], cluster, known);
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, cluster, warnings: [...words, ...findings([...warnings, ...(provider.warnings ?? [])], cluster, known)] };
}
