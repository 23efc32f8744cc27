import { keyPath, type Problem } from "../problems.ts";
import { skippingUnreadable } from "../readable.ts";
import type { Cluster, HostConfig, Role } from "../schema.ts";
import type { KnownVersions } from "../versions.ts";

/** A rule over several keys. */
export interface Rule {
  /** The rule in one sentence, for docs/config.md. */
  says: string;
  /** Every breach of it. */
  check(cluster: Cluster, known: KnownVersions): readonly Problem[];
}

/** A key's path from its parts below `cluster`. */
export const at = (...path: PropertyKey[]) => keyPath(path);

/** A host with its name. */
export type NamedHost = HostConfig & { name: string };

/** What a check finds for each host, leaving out hosts with a mistake of their own in what it reads. */
export function eachHost(cluster: Cluster, check: (name: string, host: HostConfig) => readonly Problem[]): Problem[] {
  return Object.keys(cluster.hosts).flatMap((name) => skippingUnreadable(() => check(name, cluster.hosts[name] as HostConfig)));
}

/** What the API is found by, now and before a move, each with its key. Leaves out what is wrong by itself. */
export function apiPlaces<K extends "domainName" | "address" | "port">(
  { api }: Cluster,
  field: K,
): { key: string; value: NonNullable<Cluster["api"][K]> }[] {
  const place = (key: string, read: () => Cluster["api"][K] | undefined) =>
    skippingUnreadable(() => {
      const value = read();
      return value === undefined ? [] : [{ key, value }];
    });
  return [
    ...place(at("api", field), () => api[field]),
    ...place(at("api", "former", field), () => api.former?.[field] as Cluster["api"][K] | undefined),
  ];
}

/** Names of the hosts of a role, lost ones included. */
export function hostsOf(cluster: Cluster, role: Role): string[] {
  return Object.keys(cluster.hosts).filter((name) => cluster.hosts[name]?.roles.includes(role));
}

/** Names of the hosts of a role that are not lost. */
export function liveHostsOf(cluster: Cluster, role: Role): string[] {
  return hostsOf(cluster, role).filter((name) => !cluster.hosts[name]?.lost);
}
