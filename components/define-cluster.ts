import * as pulumi from "@pulumi/pulumi";
import { parseCluster } from "../config/parse.ts";
import { grouped, problemsText } from "../config/problems.ts";
import type { Cluster, ClusterInput } from "../config/schema.ts";
import { known } from "../providers/index.ts";

/** What a type names itself: a misspelled key is an error. */
type Named<T> = { [K in keyof T as string extends K ? never : K]: T[K] };
/** Each provider's own section, by the provider's name. It has no types here; `defineCluster` checks it. */
type Sections = { readonly [P in keyof typeof import("../providers/registry.ts")]?: unknown };
type EachNamed<T> = Readonly<Record<string, Named<NonNullable<T>[keyof NonNullable<T>]> & Sections>>;

/** A cluster's config as a person writes it: what has a default may be left out. See docs/config.md. */
export type ClusterConfig = Omit<Named<ClusterInput>, "hosts" | "pools"> &
  Sections & { hosts?: EachNamed<ClusterInput["hosts"]>; pools?: EachNamed<ClusterInput["pools"]> };

/**
 * Checks a cluster's config and fills in its defaults. Warnings go to the engine's log.
 *
 * @throws pulumi.RunError naming every problem at once
 */
export function defineCluster(config: ClusterConfig): Cluster {
  const checked = parseCluster(config, known);
  if (!checked.ok) throw new pulumi.RunError(problemsText("This cluster's config can't be used", checked.problems));
  for (const warning of grouped(checked.warnings)) void pulumi.log.warn(warning);
  return checked.cluster;
}
