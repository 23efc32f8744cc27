import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../config/schema.ts";

/** What an `up` writes into its outputs for the next one. */
export interface Recorded {
  hosts: Record<string, { address: string; roles: readonly string[]; incarnation: number }>;
}

/**
 * Reads what the last finished `up` of this stack recorded. Nothing where there was none: then etcd was never born. After an `up`
 * that failed the record is the one before it, so every refusal also stands in the scripts, against what is there.
 */
export async function lastRecorded(cluster: Cluster): Promise<{ born: boolean; reborn: ReadonlySet<string>; next: Recorded }> {
  const self = new pulumi.StackReference(`organization/${pulumi.getProject()}/${pulumi.getStack()}`);
  const { value } = await self.getOutputDetails("recorded");
  const before = value as Recorded | undefined;
  const next: Recorded = {
    hosts: Object.fromEntries(
      Object.entries(cluster.hosts).map(([name, { address, roles, incarnation }]) => [name, { address, roles, incarnation }]),
    ),
  };
  const reborn = Object.entries(next.hosts).filter(([name, host]) => {
    const known = before?.hosts[name];
    return known !== undefined && known.incarnation !== host.incarnation;
  });
  return { born: before !== undefined, reborn: new Set(reborn.map(([name]) => name)), next };
}
