import type { HostPreparation } from "./schema/host-preparation.ts";
import type { Cluster } from "./schema.ts";

const isMapping = (value: unknown): value is object => typeof value === "object" && value !== null && !Array.isArray(value);

/** `own` over `all`: a key that `own` does not give is as in `all`, in mappings too. A list takes the place of the other one. */
function over(all: object, own: object): object {
  const given = Object.entries(own).filter(([, value]) => value !== undefined);
  const merged = given.map(([key, value]) => {
    const former = (all as Record<string, unknown>)[key];
    return [key, isMapping(former) && isMapping(value) ? over(former, value) : value];
  });
  return { ...all, ...Object.fromEntries(merged) };
}

/** How one host is prepared: as the cluster's hosts are, but for what it says itself. A host that the config does not name has nothing of its own. */
export function preparationOf(
  { hostPreparation, hosts }: Pick<Cluster, "hostPreparation" | "hosts">,
  name: string,
): HostPreparation {
  const own = hosts[name]?.hostPreparation;
  return own === undefined ? hostPreparation : (over(hostPreparation, own) as HostPreparation);
}

/** The cluster as one host sees it: with that host's preparation. */
export const clusterOfHost = (cluster: Cluster, name: string): Cluster => ({
  ...cluster,
  hostPreparation: preparationOf(cluster, name),
});
