import type { Cluster } from "../../config/schema.ts";

/** Two pods, of which one stands by, or one where there is one node. A provider that makes its hosts makes at least two. */
export function spareReplicas({ hosts }: Pick<Cluster, "hosts">): number {
  const nodes = Object.values(hosts).filter(
    ({ roles, lost }) => !lost && (roles.includes("control-plane") || roles.includes("worker")),
  );
  return Math.min(2, nodes.length || 2);
}
