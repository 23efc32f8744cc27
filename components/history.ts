import * as pulumi from "@pulumi/pulumi";
import { refuseChanges } from "../config/changes.ts";
import { problemsText } from "../config/problems.ts";
import { movesApi, type Recorded, readRecorded, record, rotates, withApiOf } from "../config/recorded.ts";
import type { Cluster } from "../config/schema.ts";
import { known } from "../providers/index.ts";
import type { HostCommand } from "./host-command.ts";

export interface History {
  /** True once an `up` of this stack has started every etcd member: no member may start another cluster. */
  born: boolean;
  /** Hosts whose incarnation is another than the last `up` recorded. */
  reborn: ReadonlySet<string>;
  /** Why a worker's join credential is made once more, by host; nothing where the first one will do. */
  joins: Readonly<Record<string, string | undefined>>;
  /** Kubernetes versions through which control planes go on the way to the config's. */
  path: readonly string[];
  /** Balancers that the last `up` recorded: they run already. */
  balancers: ReadonlySet<string>;
  /** Ids of all restores of etcd in this stack, oldest first, that of this `up` included. */
  restores: readonly string[];
  /** What this `up` records for the next one. */
  next: Recorded;
  /** True when this `up` takes a step in the rotation of an authority. */
  rotates: boolean;
  /** True when this `up` moves the API to another name, address or port, or ends such a move. */
  movesApi: boolean;
}

/**
 * Reads what the last `up` of this stack recorded, and refuses a change that would hurt, before any resource is touched. After an
 * `up` that failed the record can be ahead of the hosts, so every refusal also stands in the scripts, against what is there.
 *
 * @throws pulumi.RunError naming every refusal at once
 */
export async function readHistory(cluster: Cluster): Promise<History> {
  const self = new pulumi.StackReference("last-up", {
    name: `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`,
  });
  const recorded = readRecorded((await self.getOutputDetails("recorded")).value);
  const before = recorded && withApiOf(recorded, (await self.getOutputDetails("apiEndpoint")).value, cluster.traits);
  const born = (await self.getOutputDetails("etcdBorn")).value === true;
  const next = record(cluster, known, before);
  const problems = refuseChanges(before, next, cluster.allow, known);
  if (problems.length > 0) throw new pulumi.RunError(problemsText("This change is refused, and nothing was touched", problems));
  const reborn = Object.keys(next.hosts).filter((name) => {
    const recorded = before?.hosts[name];
    return recorded !== undefined && recorded.incarnation !== next.hosts[name]?.incarnation;
  });
  const hosts = Object.entries(before?.hosts ?? {});
  const balancers = hosts.filter(([, { roles }]) => roles.includes("balancer")).map(([name]) => name);
  return {
    born,
    reborn: new Set(reborn),
    balancers: new Set(balancers),
    joins: Object.fromEntries(Object.entries(next.hosts).map(([name, { join }]) => [name, join])),
    path: next.kubernetesPath ?? [],
    restores: next.restores ?? [],
    next,
    rotates: before !== undefined && rotates(before, next),
    movesApi: movesApi(before, next),
  };
}

/**
 * What the next `up` is told of this one. A step of a rotation or of a move of the API counts once every host has taken it: the next
 * step would cut off a host that has not. So its `up` leaves the outputs of the last one as they are until everything in `done` has run, and where something
 * failed.
 */
export function recordedAfter(history: History, done: readonly HostCommand[]): pulumi.Input<Recorded> {
  if (!history.rotates && !history.movesApi) return history.next;
  return pulumi.all(done.map((command) => command.stdout)).apply(() => history.next);
}
