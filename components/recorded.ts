import * as pulumi from "@pulumi/pulumi";
import { knownVersions } from "../artifacts/lock.ts";
import { refuseChanges } from "../config/changes.ts";
import { problemsText } from "../config/problems.ts";
import { type Recorded, readRecorded, record } from "../config/recorded.ts";
import type { Cluster } from "../config/schema.ts";

export interface History {
  /** True once an `up` of this stack has started every etcd member: no member may start another cluster. */
  born: boolean;
  /** Hosts whose incarnation is another than the last `up` recorded. */
  reborn: ReadonlySet<string>;
  /** What this `up` records for the next one. */
  next: Recorded;
}

/**
 * Reads what the last `up` of this stack recorded, and refuses a change that would hurt, before any resource is touched. After an
 * `up` that failed the record can be ahead of the hosts, so every refusal also stands in the scripts, against what is there.
 *
 * @throws pulumi.RunError naming every refusal at once
 */
export async function readHistory(cluster: Cluster): Promise<History> {
  const self = new pulumi.StackReference("last-up", { name: `organization/${pulumi.getProject()}/${pulumi.getStack()}` });
  const before = readRecorded((await self.getOutputDetails("recorded")).value);
  const born = (await self.getOutputDetails("etcdBorn")).value === true;
  const next = record(cluster, knownVersions());
  const problems = refuseChanges(before, next, cluster.allow, knownVersions());
  if (problems.length > 0) throw new pulumi.RunError(problemsText("This change is refused, and nothing was touched", problems));
  const reborn = Object.keys(next.hosts).filter((name) => {
    const known = before?.hosts[name];
    return known !== undefined && known.incarnation !== next.hosts[name]?.incarnation;
  });
  return { born, reborn: new Set(reborn), next };
}
