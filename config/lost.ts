import { z } from "zod";
import { type AuthorityName, authorityNames } from "./authorities.ts";
import type { Cluster, Role } from "./schema.ts";

// What a host that is gone for good had stays valid: nobody can take it off that host. It becomes worthless once what signed it is
// replaced, so it is recorded who was lost, and which generations it had something of.

/** A lost host in the record of an `up`. */
export const recordedLostSchema = z.object({
  name: z.string(),
  /** The first `up` with `lost: true`, ISO 8601. */
  since: z.string(),
  /** By authority, the newest generation that it may have something of. */
  held: z.record(z.string(), z.number()),
});
export type RecordedLost = z.output<typeof recordedLostSchema>;

/** What of each authority a host of a role has: keys, or certificates that open something. */
const holds: Readonly<Record<Role, readonly AuthorityName[]>> = {
  "control-plane": authorityNames,
  etcd: ["etcd"],
  worker: ["kubernetes"],
  balancer: [],
};

type Issues = (name: AuthorityName) => { trust: readonly number[]; issue: number };

/**
 * Hosts whose credentials are still valid, for the next record: those of the last one and those that the config gives up now. Not those
 * whose authorities are all replaced, whose disks are destroyed, or that came back reinstalled.
 */
export function recordLost(
  cluster: Cluster,
  before: readonly RecordedLost[],
  was: Issues,
  is: Issues,
  now: Date,
): RecordedLost[] {
  const { hosts, certificates } = cluster;
  const known = before.filter(({ name }) => hosts[name] === undefined || hosts[name].lost);
  const lost = Object.entries(hosts)
    .filter(([name, host]) => host.lost && !known.some((one) => one.name === name))
    .map(([name, { roles }]) => {
      // A host that was lost in the middle of a step may have taken it.
      const names = authorityNames.filter((authority) => roles.some((role) => holds[role].includes(authority)));
      const held = names.map((authority) => [authority, Math.max(was(authority).issue, is(authority).issue)] as const);
      return { name, since: now.toISOString(), held: Object.fromEntries(held) };
    });
  return [...known, ...lost].filter((one) => openOf(one, is).length > 0 && !certificates.destroyedHosts.includes(one.name));
}

/** Authorities that must be replaced before what a lost host had is worthless. */
export const openOf = ({ held }: RecordedLost, is: Issues): AuthorityName[] =>
  authorityNames.filter((name) => held[name] !== undefined && Math.min(...is(name).trust) <= held[name]);
