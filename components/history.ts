import * as pulumi from "@pulumi/pulumi";
import { changeWarnings } from "../config/changes/warnings.ts";
import { refuseChanges } from "../config/changes.ts";
import { problemsText } from "../config/problems.ts";
import { movesApi, type Recorded, readRecorded, record, rotates, withApiOf } from "../config/record.ts";
import type { Cluster } from "../config/schema.ts";
import { known } from "../providers/index.ts";
import type { ClusterPart } from "./cluster-part.ts";

export interface History {
  /** True once an `up` of this stack has started every etcd member: no member may start another cluster. */
  born: boolean;
  /** Hosts whose incarnation is another than the last `up` recorded. */
  reborn: ReadonlySet<string>;
  /** Hosts that the last `up` recorded, as they still are: all others are looked at before anything is changed. */
  settled: ReadonlySet<string>;
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
 * `up` that failed the record can be ahead of the hosts, so every refusal also stands in the scripts, against the live state.
 *
 * `output` is the stack output that holds this cluster's `recorded`, `etcdBorn` and `apiEndpoint`. Set it in a
 * program with several clusters. Default: each is an output of its own.
 *
 * @throws pulumi.RunError naming every refusal at once
 */
export async function readHistory(cluster: Cluster, output?: string): Promise<History> {
  const self = new pulumi.StackReference(output === undefined ? "last-up" : `${output}-last-up`, {
    name: `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`,
  });
  const outputNamed = async (name: string) => {
    const { value, secretValue } = await self.getOutputDetails(name);
    return value ?? secretValue;
  };
  const all = output === undefined ? undefined : ((await outputNamed(output)) ?? {});
  const read = (name: string) => (all === undefined ? outputNamed(name) : all[name]);
  const recorded = readRecorded(await read("recorded"));
  const before = recorded && withApiOf(recorded, await read("apiEndpoint"), cluster.traits);
  const born = (await read("etcdBorn")) === true;
  const next = record(cluster, known, before);
  const problems = refuseChanges(before, next, cluster.allow, known);
  if (problems.length > 0) throw new pulumi.RunError(problemsText("This change is refused, and nothing was touched", problems));
  const doubts = changeWarnings(before, next);
  if (doubts.length > 0) await pulumi.log.warn(problemsText("This change needs a second look", doubts));
  const reborn = Object.keys(next.hosts).filter((name) => {
    const recorded = before?.hosts[name];
    return recorded !== undefined && recorded.incarnation !== next.hosts[name]?.incarnation;
  });
  const hosts = Object.entries(before?.hosts ?? {});
  const balancers = hosts.filter(([, { roles }]) => roles.includes("balancer")).map(([name]) => name);
  return {
    born,
    reborn: new Set(reborn),
    settled: new Set(hosts.map(([name]) => name).filter((name) => !reborn.includes(name))),
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
 * What this `up` records, to be exported as the output `recorded`. A step of a rotation or of a move of the API counts once every
 * host has taken it: the next step would cut off a host that has not. So such an `up` keeps the outputs of the last one until every
 * command of `parts` has run. A new host counts once it is prepared: until then, preflight looks at it in each `up`.
 */
export function recordedAfter(
  history: History,
  parts: readonly ClusterPart[],
  prepared: Pick<ClusterPart, "commands">,
): pulumi.Input<Recorded> {
  const { movesApi, next, rotates, settled } = history;
  const isStep = rotates || movesApi;
  const newcomers = Object.entries(prepared.commands).filter(([name]) => !settled.has(name));
  if (!isStep && newcomers.length === 0) return next;
  const commands = [
    ...newcomers.map(([, command]) => command),
    ...(isStep ? parts : []).flatMap(({ commands }) => Object.values(commands)),
  ];
  return pulumi.all(commands.map(({ stdout }) => stdout)).apply(() => next);
}
