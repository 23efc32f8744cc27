import { generateKeyPairSync } from "node:crypto";
import { type Problem, problemText } from "../../config/problems.ts";
import { fullKey, type StackConfig } from "../../config/stack-config.ts";
import { type OpensshKey, opensshKey } from "../../keys/openssh.ts";

// A host whose hostKey is not known yet can't be logged in to. That keeps preflight from none of the others.

/** A config in which nothing but host keys was missing. */
export interface Keyless<C extends StackConfig> {
  /** The same with a key of nobody for hosts that have none: no host is to be asked with it. */
  config: C;
  /** By host, what its config lacks, and the cure. */
  missing: ReadonlyMap<string, string>;
}

/** Leaves the hosts without a `hostKey` aside; undefined where the config has other problems, too, or none. */
export function withoutKeyless<C extends StackConfig>(config: C, problems: readonly Problem[]): Keyless<C> | undefined {
  const missing = new Map<string, string>();
  for (const problem of problems) {
    const name = problem.found === "is missing" ? /^cluster\.hosts\.(.+)\.hostKey$/.exec(problem.key)?.[1] : undefined;
    if (name === undefined) return undefined;
    missing.set(name, problemText(problem).replace(/\n\s*/g, "; "));
  }
  const cluster = JSON.parse(config.values[fullKey("cluster")] ?? "{}");
  const { publicKey } = opensshKey(generateKeyPairSync("ed25519").privateKey) as OpensshKey;
  for (const name of missing.keys()) {
    const host = cluster.hosts?.[name];
    if (typeof host !== "object" || host === null) return undefined;
    host.hostKey = publicKey;
  }
  if (missing.size === 0) return undefined;
  return { config: { ...config, values: { ...config.values, [fullKey("cluster")]: JSON.stringify(cluster) } }, missing };
}
