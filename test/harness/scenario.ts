import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, suite } from "node:test";
import { TestCluster } from "./cluster.ts";
import { removeHosts } from "./lab-hosts.ts";
import type { ClusterConfig } from "./samples.ts";
import { Stack } from "./stack.ts";
import { claim } from "./subnets.ts";

/** A stack of a test with the cluster that its config describes. */
export interface Scenario {
  stack: Stack;
  cluster: TestCluster;
  config: ClusterConfig;
  /** What the first `up` said. */
  said: string;
}

export interface ScenarioOptions {
  /** Watches the cluster come up. */
  during?: Watcher;
  /** Prepares what the config needs before the first `up`, such as existing hosts. */
  prepare?: (scenario: Scenario) => Promise<void>;
  /** False: the tests run `up` themselves. */
  up?: boolean;
  /** The file that runs the engine, where that is not its own. */
  engine?: string;
}

/**
 * Runs tests on one cluster, which comes up first and is removed at the end, also after a failure. With HA_KUBERNETES_KEEP=1 in the
 * environment the cluster stays; destroy its stack to remove it.
 */
export function onCluster(config: ClusterConfig, tests: (scenario: Scenario) => void, options: ScenarioOptions = {}): void {
  suite(config.name, () => {
    const stack = new Stack(config.name, options.engine);
    const scenario: Scenario = { stack, cluster: new TestCluster(config), config, said: "" };
    let claimed = false;
    before(async () => {
      // Two runs of one group, from two checkouts, would remove each other's hosts.
      claimed = (await claim(config.name)) !== undefined;
      if (!claimed) throw new Error("another process runs the same tests on the same hosts: wait for it to end, or end it");
      await clean(scenario);
      await options.prepare?.(scenario);
      stack.configure(config);
      if (options.up === false) return;
      options.during?.start();
      const started = Date.now();
      scenario.said = (await stack.up()).text;
      options.during?.stop();
      console.log(`${config.name} came up in ${Math.round((Date.now() - started) / 1000)} s`);
    });
    after(async () => {
      options.during?.stop();
      if (!claimed) return;
      if (process.env.HA_KUBERNETES_KEEP === "1") console.log(`${config.name} is kept; its passphrase is ${stack.passphrase}`);
      else await clean(scenario);
    });
    tests(scenario);
  });
}

/** Removes the lab with its hosts and the stack's files, also those of a killed run. */
async function clean({ stack, config }: Scenario): Promise<void> {
  await removeHosts(config.name);
  stack.forget();
}

/** Watches while the cluster comes up. */
export interface Watcher {
  start(): void;
  stop(): void;
}

/** Collects every process's arguments on this machine, its lab hosts included, four times a second. */
export class ProcessWatcher implements Watcher {
  readonly seen = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  start(): void {
    this.#timer = setInterval(() => this.#look(), 250);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        this.seen.add(readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " "));
      } catch {
        // It ended in the meantime.
      }
    }
  }
}

/** How often the program logged in to each host so far. */
export async function loginsOf(cluster: TestCluster): Promise<Record<string, number>> {
  const counts = [...cluster.hosts.values()].map(async (host) => [host.name, await host.logins()] as const);
  return Object.fromEntries(await Promise.all(counts));
}

/** Runs `up` and asserts that it ran nothing on any host. */
export async function assertNothingRuns({ stack, cluster }: Scenario): Promise<void> {
  const before = await loginsOf(cluster);
  const { text } = await stack.up();
  assert.match(text, /\b\d+ unchanged/);
  assert.doesNotMatch(text, /\b\d+ (created|updated|replaced|deleted)/);
  assert.deepEqual(await loginsOf(cluster), before);
}
