import type { Cluster } from "../config/schema.ts";

/** Names of the hosts that are gone for good: what they left in the cluster is removed by others. */
export const lostHosts = (cluster: Cluster): string[] =>
  Object.entries(cluster.hosts)
    .filter(([, { lost }]) => lost)
    .map(([name]) => name)
    .sort();
