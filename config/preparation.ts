import type { HostPreparation } from "./schema/host-preparation.ts";
import type { Cluster } from "./schema.ts";

/** How one host is prepared: as the cluster's hosts are, but for what it says itself. A host that the config does not name has nothing of its own. */
export function preparationOf(
  { hostPreparation, hosts }: Pick<Cluster, "hostPreparation" | "hosts">,
  name: string,
): HostPreparation {
  const own = hosts[name]?.hostPreparation;
  if (own === undefined) return hostPreparation;
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  return { ...hostPreparation, ...given, extraSysctl: { ...hostPreparation.extraSysctl, ...own.extraSysctl } };
}

/** The cluster as one host sees it: with that host's preparation. */
export const clusterOfHost = (cluster: Cluster, name: string): Cluster => ({
  ...cluster,
  hostPreparation: preparationOf(cluster, name),
});
