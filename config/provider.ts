import type { z } from "zod";
import type { Refusal } from "./changes/change.ts";
import { keyPath, oneProblem, type Problem, shown } from "./problems.ts";
import type { ProviderRecord } from "./record.ts";
import type { Rule } from "./rules/rule.ts";
import { type Cluster, clusterSchema, type PlainCluster } from "./schema.ts";
import type { ProviderTraits } from "./traits.ts";
import type { KnownVersions } from "./versions.ts";

// What config knows of providers: each gives its half of the config as a plain object. None is named in this folder.

/** A provider's half of the config. Its functions get clusters of this provider only, whose own sections are as its schema says. */
export interface ProviderConfig<C extends Cluster = Cluster> {
  /** The value of `provider`, and the key of the provider's sections. */
  name: string;
  /** What it does, after its name: `makes instances`. */
  gives: string;
  traits: ProviderTraits;
  /** Schemas of the provider's own sections, each optional: that of the cluster, which this provider needs, those of a host and of a pool. By default there are none. */
  sections?: { cluster?: z.ZodType; host?: z.ZodType; pool?: z.ZodType };
  /** The shortest section of the cluster, as YAML. */
  example?: string;
  rules?: readonly Rule<C>[];
  warnings?: readonly Rule<C>[];
  refusals?: readonly Refusal[];
  /** Faults of the user's own lock in the images of this provider's add-ons, in words that follow the lock's name. By default none. */
  lockFaults?: readonly string[];
  /** What the provider makes of a host or of a pool with `autoscaling`. By default `architecture` of the host says it. */
  architectureOf?(cluster: C, kind: "hosts" | "pools", name: string): "amd64" | "arm64";
  /** What the next `up` is told of machines. By default nothing: no machine is replaced under its host. */
  record?(cluster: C): ProviderRecord;
}

/** What a config may name: versions of the lock, and providers. */
export interface Known extends KnownVersions {
  providers: readonly ProviderConfig[];
  /** The schema of a cluster with these providers. */
  schema: z.ZodType<PlainCluster>;
}

/** Puts together what configs may name. */
export const knownBy = (versions: KnownVersions, providers: readonly ProviderConfig[]): Known => ({
  ...versions,
  providers,
  schema: schemaOf(providers),
});

/** The provider of this name. The schema allows no other names. */
export function providerOf<P extends { name: string }>({ providers }: { providers: readonly P[] }, name: string): P {
  const provider = providers.find((one) => one.name === name);
  if (provider === undefined) throw new Error(`there is no provider ${name}`);
  return provider;
}

function schemaOf(providers: readonly ProviderConfig[]): z.ZodType<PlainCluster> {
  const of = (kind: "cluster" | "host" | "pool") =>
    Object.fromEntries(providers.flatMap(({ name, sections }) => (sections?.[kind] ? [[name, sections[kind]]] : [])));
  const names = providers.map(({ name }) => name);
  const about = `Where hosts come from: ${providers.map(({ name, gives }) => `${name} ${gives}`).join(", ")}.`;
  return clusterSchema(names, about, { cluster: of("cluster"), host: of("host"), pool: of("pool") });
}

/** What `sectionProblems` refuses, for docs/config.md. */
export const sectionRule =
  "A provider's own section is given with that provider and with no other, also in hosts and pools. `autoscaling` of a pool needs a provider that scales pools.";

/** Sections of another provider than the config's, and the one that is missing. */
export function sectionProblems(cluster: PlainCluster, known: Pick<Known, "providers">): Problem[] {
  const { sections, example, traits, name: own } = providerOf(known, cluster.provider);
  const because = `because cluster.provider is ${own}`;
  const refused = (path: string[], value: unknown): Problem[] =>
    value === undefined ? [] : oneProblem(keyPath(path), `is ${shown(value)}`, `nothing, ${because}`);
  const others = known.providers.filter(({ name }) => name !== own).map(({ name }) => name);
  const inside = (path: string[], holder: object) =>
    others.flatMap((name) => refused([...path, name], Reflect.get(holder, name)));
  const missing = sections?.cluster !== undefined && Reflect.get(cluster, own) === undefined;
  return [
    ...(missing
      ? [
          {
            key: keyPath([own]),
            found: "is missing",
            allowed: `the provider's settings, ${because}`,
            ...(example && { cure: `such as ${example}` }),
          },
        ]
      : []),
    ...inside([], cluster),
    ...Object.entries(cluster.hosts).flatMap(([name, host]) => inside(["hosts", name], host)),
    ...Object.entries(cluster.pools).flatMap(([name, pool]) => [
      ...inside(["pools", name], pool),
      ...(traits.scalesPools ? [] : refused(["pools", name, "autoscaling"], pool.autoscaling)),
    ]),
  ];
}
