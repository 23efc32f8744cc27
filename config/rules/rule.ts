import { keyPath, type Problem } from "../problems.ts";
import type { Cluster, HostConfig, Role } from "../schema.ts";
import type { KnownVersions } from "../versions.ts";

/** A rule over several keys. A provider's rules see clusters of that provider only. */
export interface Rule<C extends Cluster = Cluster> {
  /** The rule in one sentence, for docs/config.md. */
  says: string;
  /** Every breach of it. */
  check(cluster: C, known: KnownVersions): readonly Problem[];
}

/** A key's path from its parts below `cluster`. */
export const at = (...path: PropertyKey[]) => keyPath(path);

/** The findings of a check on each host. */
export function eachHost<H extends HostConfig>(
  cluster: { hosts: Readonly<Record<string, H>> },
  check: (name: string, host: H) => readonly Problem[],
): Problem[] {
  return Object.entries(cluster.hosts).flatMap(([name, host]) => check(name, host));
}

/** The addresses that a host has in the config: none, one, or one of each family. */
export const addressesOf = ({ address, secondAddress }: Pick<HostConfig, "address" | "secondAddress">): string[] =>
  [address, secondAddress].filter((it) => it !== undefined);

/** The API's name or addresses, the present ones and the former one, as far as they are given, each with its key. */
export function apiPlaces({ api }: Cluster, field: "domainName" | "address"): { key: string; value: string }[] {
  const places = [
    { key: at("api", field), value: api[field] },
    { key: at("api", field), value: field === "address" ? api.secondAddress : undefined },
    { key: at("api", "former", field), value: api.former?.[field] },
  ];
  return places.flatMap(({ key, value }) => (value === undefined ? [] : [{ key, value }]));
}

/** Names of the hosts of a role, lost ones included. */
export function hostsOf(cluster: Cluster, role: Role): string[] {
  return Object.keys(cluster.hosts).filter((name) => cluster.hosts[name]?.roles.includes(role));
}

/** Names of the hosts of a role that are not lost. */
export function liveHostsOf(cluster: Cluster, role: Role): string[] {
  return hostsOf(cluster, role).filter((name) => !cluster.hosts[name]?.lost);
}
