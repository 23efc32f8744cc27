import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import { knownVersions } from "../artifacts/lock.ts";
import { parseCluster } from "../config/parse.ts";
import { grouped, problemsText } from "../config/problems.ts";
import type { Cluster, clusterSchema } from "../config/schema.ts";

/** A cluster's config as a person writes it: what has a default may be left out. See docs/config.md. */
export type ClusterConfig = z.input<typeof clusterSchema>;

/**
 * Checks a cluster's config and fills in its defaults. Warnings go to the engine's log.
 *
 * @throws pulumi.RunError naming every problem at once
 */
export function defineCluster(config: ClusterConfig): Cluster {
  const checked = parseCluster(config, knownVersions());
  if (!checked.ok) throw new pulumi.RunError(problemsText("This cluster's config can't be used", checked.problems));
  for (const warning of grouped(checked.warnings)) void pulumi.log.warn(warning);
  return checked.cluster;
}
