import * as pulumi from "@pulumi/pulumi";
import { type Architecture, resolveVersions } from "../artifacts/lock.ts";
import { oneProblem, type Problem, problemsText } from "../config/problems.ts";
import { providerOf } from "../config/provider.ts";
import type { Cluster, Role } from "../config/schema.ts";
import { artifactsFor, passingArtifacts } from "../hosts/artifact-list.ts";
import { configuredArtifacts } from "./configured.ts";
import { known } from "./index.ts";

// Whether every file that hosts will take has a hash is known before anything runs. Hosts' lists themselves are first made in the
// middle of an `up`, because they go together with what only that knows.

/** Kinds of hosts: roles and architecture. */
function kindsOf(cluster: Cluster): [roles: readonly Role[], architecture: Architecture][] {
  const provider = providerOf(known, cluster.provider);
  const hosts = Object.entries(cluster.hosts)
    .filter(([, { lost }]) => !lost)
    .map(([name, host]): [readonly Role[], Architecture] => [
      host.roles,
      provider.architectureOf?.(cluster, "hosts", name) ?? host.architecture,
    ]);
  const scaled = Object.entries(cluster.pools)
    .filter(([, { autoscaling }]) => autoscaling !== undefined)
    .map(([name]): [readonly Role[], Architecture] => [["worker"], provider.architectureOf?.(cluster, "pools", name) ?? "amd64"]);
  return [...new Map([...hosts, ...scaled].map((kind) => [kind.flat().join(), kind])).values()];
}

/** What stands in the way of taking artifacts from where the config says. `path`: versions on the way to the config's. */
export function artifactProblems(cluster: Cluster, path: readonly string[] = []): Problem[] {
  if (cluster.traits.makesArtifacts) return [];
  const { artifacts } = cluster;
  const { versions } = resolveVersions(cluster);
  const cure = "npm run bundle makes every file; see docs/artifacts.md";
  let source: ReturnType<typeof configuredArtifacts>;
  try {
    source = configuredArtifacts(artifacts);
  } catch (error) {
    const found = `can't be used: ${messageOf(error)}`;
    return oneProblem("cluster.artifacts.manifest", found, "the manifest.json of a bundle", cure);
  }
  const { kind, location } = source;
  const plain = { kind, location, ...(source.sha256 !== undefined && { sha256: source.sha256 as Record<string, string> }) };
  const missing = kindsOf(cluster).flatMap(([roles, architecture]) =>
    [
      () => artifactsFor({ roles, versions, architecture, source: plain }),
      ...(roles.includes("control-plane") ? path.map((version) => () => passingArtifacts(version, architecture, plain)) : []),
    ].flatMap(complaint),
  );
  return [...new Set(missing)].map((why) => ({
    key: artifacts.manifest === undefined ? "cluster.artifacts" : "cluster.artifacts.manifest",
    found: `can't be used: ${why}`,
    allowed: "a source of every file that this cluster's hosts take",
    cure,
  }));
}

/** @throws pulumi.RunError where a host could not take what it needs */
export function refuseMissingArtifacts(cluster: Cluster, path?: readonly string[]): void {
  const problems = artifactProblems(cluster, path);
  if (problems.length > 0)
    throw new pulumi.RunError(problemsText("This stack's config can't be used, and nothing was touched", problems));
}

function complaint(make: () => unknown): string[] {
  try {
    make();
    return [];
  } catch (error) {
    return [messageOf(error)];
  }
}

/** Without the key that it may begin with. */
const messageOf = (error: unknown) =>
  (error instanceof Error ? error.message : String(error))
    .replace(/^config key ha-kubernetes:cluster\S+ /, "")
    .split("; npm run")[0] as string;
