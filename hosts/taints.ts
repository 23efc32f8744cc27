import type { Cluster } from "../config/schema.ts";

/** A pool's taints as kubectl writes them, `key=value:effect`, in a fixed order. */
export const taintsOf = (pool: Cluster["pools"][string]): string[] =>
  pool.taints.map(({ key, value, effect }) => `${key}${value === "" ? "" : `=${value}`}:${effect}`).sort();

/** The taints of every pool, each as `pool>key=value:effect`. A pool without any adds nothing. */
export const taintsByPool = (cluster: Cluster): string[] =>
  Object.entries(cluster.pools)
    .flatMap(([name, pool]) => taintsOf(pool).map((taint) => `${name}>${taint}`))
    .sort();
