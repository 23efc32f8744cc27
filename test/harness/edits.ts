import assert from "node:assert/strict";
import { TestCluster } from "./cluster.ts";
import { Probe, type Report, summary } from "./probe.ts";
import { eventually } from "./process.ts";
import type { ClusterConfig } from "./samples.ts";
import type { Scenario } from "./scenario.ts";

// A change as a user makes it: edit the config and run `up`, while a probe sends requests.

/** A change that went through. */
export interface Edit {
  /** The cluster as it now should be. */
  cluster: TestCluster;
  /** What `up` said. */
  text: string;
  /** The requests' results while it ran. */
  report: Report;
  /** Hosts on which anything ran, by name. */
  ran: string[];
  /** How long `up` took. */
  milliseconds: number;
}

/** A cluster that goes through several edits. */
export class Edited {
  readonly #scenario: Scenario;
  config: ClusterConfig;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.config = scenario.config;
  }

  get cluster(): TestCluster {
    return new TestCluster(this.config);
  }

  /** Edits the config and runs `up` under a probe. `unreachable` hosts are not counted. */
  async up(what: string, edit: (config: ClusterConfig) => void, unreachable: readonly string[] = []): Promise<Edit> {
    const { stack } = this.#scenario;
    const before = this.cluster;
    const loginsBefore = await logins(before, unreachable);
    this.config = structuredClone(this.config);
    edit(this.config);
    stack.configure(this.config);
    const probe = new Probe(await stack.output("kubeconfig"));
    await eventually("the probe to be answered", 30, async () => probe.answers > 10);
    const started = Date.now();
    const [up] = await Promise.allSettled([stack.up()]);
    const milliseconds = Date.now() - started;
    const [seen] = await Promise.allSettled([probe.stop()]);
    // The failure of `up` says more than that of the probe.
    if (up.status === "rejected") throw up.reason;
    if (seen.status === "rejected") throw seen.reason;
    const [{ text }, report] = [up.value, seen.value];
    const cluster = this.cluster;
    console.log(`${what}: ${Math.round(milliseconds / 1000)} s\n${summary(report)}`);
    assert.deepEqual(report.lost, [], `${what}: acknowledged writes were lost`);
    const loginsAfter = await logins(cluster, unreachable);
    // A removed host has undone itself, as the output of `up` says.
    const gone = [...before.hosts.keys()].filter((name) => !cluster.hosts.has(name) && !unreachable.includes(name));
    // A host that was replaced counts from 0 again.
    const ran = [...cluster.hosts.keys()].filter((name) => (loginsAfter[name] ?? 0) !== (loginsBefore[name] ?? 0));
    return { cluster, text, report, ran: [...ran, ...gone].sort(), milliseconds };
  }
}

async function logins(cluster: TestCluster, unreachable: readonly string[]): Promise<Record<string, number>> {
  const reachable = [...cluster.hosts.values()].filter(({ name }) => !unreachable.includes(name));
  return Object.fromEntries(await Promise.all(reachable.map(async (host) => [host.name, await host.logins()] as const)));
}

/** Names of the voting members, and that each is healthy. */
export async function healthyMembers(cluster: TestCluster): Promise<string[]> {
  await cluster.etcdctl("endpoint health --cluster");
  const { members } = JSON.parse(await cluster.etcdctl("member list -w json"));
  const voters = members.filter(({ isLearner }: { isLearner?: boolean }) => !isLearner);
  return voters.map(({ name }: { name: string }) => name).sort();
}

/** Names of all Nodes. */
export async function nodeNames(cluster: TestCluster): Promise<string[]> {
  return (await cluster.list("nodes")).map(({ metadata }) => metadata.name).sort();
}
