import * as pulumi from "@pulumi/pulumi";
import type { Addon } from "../addons/addon.ts";
import { bundleOptions } from "../addons/bundle-options.ts";
import { addonLock } from "../addons/lock.ts";
import { everyAddonOf } from "../addons/registry.ts";
import { setAddonsOf } from "../addons/set/registry.ts";
import { keyOf } from "../addons/set/set-addon.ts";
import { type Architecture, ownLock, resolveVersions, userLock, type Versions } from "../artifacts/lock.ts";
import type { Unknown } from "../artifacts/unknown.ts";
import { contradictions, strangers } from "../artifacts/user-lock.ts";
import { keyPath, oneProblem, type Problem, problemsText } from "../config/problems.ts";
import { providerOf } from "../config/provider.ts";
import type { Cluster, Role } from "../config/schema.ts";
import { type Part, USER_LOCK } from "../config/versions.ts";
import { artifactsFor, MissingArtifacts, passingArtifacts } from "../hosts/artifact-list.ts";
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
  const faults = [
    ...(known.faults ?? []),
    ...contradictions(addonLock, userLock.lock),
    ...(providerOf(known, cluster.provider).lockFaults ?? []),
    ...strangers(userLock.lock, [ownLock, addonLock, ...known.providers.flatMap(({ lockNames }) => lockNames ?? [])]),
  ];
  if (faults.length > 0) return faults.flatMap(lockProblem);
  if (cluster.traits.makesArtifacts) return [];
  const { artifacts } = cluster;
  const { versions } = resolveVersions(cluster);
  let source: ReturnType<typeof configuredArtifacts>;
  try {
    source = configuredArtifacts(artifacts);
  } catch (error) {
    return oneProblem(
      manifestKey,
      `can't be used: ${messageOf(error)}`,
      "the manifest.json of a bundle",
      bundleCure(cluster, path),
    );
  }
  const { kind, location } = source;
  const plain = { kind, location, ...(source.sha256 !== undefined && { sha256: source.sha256 as Record<string, string> }) };
  const kinds = kindsOf(cluster);
  const own = missing(
    kinds.map(
      ([roles, architecture]) =>
        () =>
          artifactsFor({ roles, versions, architecture, source: plain, addons: everyAddonOf(cluster) }),
    ),
  );
  const controlPlanes = kinds.filter(([roles]) => roles.includes("control-plane"));
  const passed = path.map((version) => ({
    version,
    ...missing(
      controlPlanes.map(
        ([, architecture]) =>
          () =>
            passingArtifacts(version, architecture, plain),
      ),
    ),
  }));
  return [
    ...unknownProblems(cluster, versions, own.unknown),
    ...passed.flatMap(({ version, unknown }) =>
      unknown.length === 0 ? [] : oneUnknown("upgradePath", `goes by way of ${version}`, unknown, ["kubernetes", version]),
    ),
    ...absentProblem([...own.absent, ...passed.flatMap(({ absent }) => absent)], bundleCure(cluster, path)),
  ];
}

const lockProblem = (fault: string): Problem[] =>
  oneProblem(
    USER_LOCK,
    `can't be used: ${fault}`,
    "hashes as the projects publish them, of which no other value is known",
    "take the entry out, or delete the file; npm run lock -- add looks hashes up again",
  );

const manifestKey = keyPath(["artifacts", "manifest"]);
/** The bundle of this cluster: the default one may be of another version. */
function bundleCure(cluster: Cluster, path: readonly string[]): string {
  const { kubernetesVersion, versions } = cluster;
  const parts = Object.entries(versions).filter(([, version]) => version !== undefined);
  const options = [
    ...[...path, kubernetesVersion].map((version) => `--kubernetes-version ${version}`),
    ...parts.map(([part, version]) => `--version ${part}=${version}`),
    ...bundleOptions(cluster),
  ];
  return `npm run bundle -- ${options.join(" ")} makes every file; see docs/artifacts.md`;
}

/** One problem for each part that has unknown hashes, at the key that names its version. */
function unknownProblems(cluster: Cluster, versions: Versions, unknown: readonly Unknown[]): Problem[] {
  // An image of an add-on has a version of its own.
  const ofAddons = unknown.filter(({ part }) => part === undefined);
  const byImage = [...Map.groupBy(ofAddons, ({ image, version }) => `${image} ${version}`)].flatMap(([, all]) => {
    const [{ image = "", version = "" } = {}] = all;
    const key = keyOfImage(cluster, versions, image);
    const is = key === "artifacts.source" ? `is ${cluster.artifacts.source}` : "is on";
    return oneUnknown(key, is, all, [image, version], "an add-on whose hashes are all known");
  });
  const ofParts = unknown.filter(({ part }) => part !== undefined);
  const byPart = [...Map.groupBy(ofParts, ({ part }) => part)].flatMap(([part = "kubernetes", all]) => {
    const asked = [part, versions[part]] as const;
    if (part === "kubernetes") return oneUnknown("kubernetesVersion", `is ${versions[part]}`, all, asked);
    if (Object.hasOwn(known.parts, part)) return oneUnknown(`versions.${part}`, `is ${versions[part]}`, all, asked);
    return oneUnknown("artifacts.source", `is ${cluster.artifacts.source}`, all, asked);
  });
  return [...byPart, ...byImage];
}

/** The key that turns on the add-on with an image; of a provider's add-on it is the one that says where images come from. */
function keyOfImage(cluster: Cluster, versions: Versions, image: string): string {
  if (image === "kube-network-policies") return "addons.networkPolicies";
  const holds = (addon: Addon) => Object.values(addon.images(versions)).some(({ name }) => name === image);
  const addon = setAddonsOf(cluster).find(holds);
  return addon === undefined ? "artifacts.source" : `addons.${keyOf(addon)}`;
}

function oneUnknown(
  key: string,
  is: string,
  unknown: readonly Unknown[],
  [part, version]: readonly [string, string],
  allowed = `versions whose hashes are all known; of Kubernetes these are ${known.whole.published.join(", ")}`,
): Problem[] {
  const what = [...new Set(unknown.map((it) => it.what))].join(", ");
  return oneProblem(
    keyPath(key.split(".")),
    `${is}, and no published hash is known of ${what}`,
    allowed,
    `npm run lock -- add ${part} ${version} asks its project for them; or ${otherCure(part, version)} (docs/artifacts.md)`,
  );
}

/** A bundle needs no published hash of what can be built. */
function otherCure(part: string, version: string): string {
  const built = part === "kubernetes" ? known.whole.built : known.builtParts[part as Part];
  if (built === undefined || built.includes(version)) return "use artifacts.source: bundle, which needs none";
  const project = part === "cniPlugins" ? "cni-plugins" : part;
  return `use artifacts.source: bundle once npm run pin -- ${project} ${version} has pinned what it is built from`;
}

function absentProblem(absent: readonly string[], cure: string): Problem[] {
  if (absent.length === 0) return [];
  const allowed = "the manifest of a bundle with every file that this cluster's hosts take";
  return oneProblem(manifestKey, `has no ${[...new Set(absent)].join(", ")}`, allowed, cure);
}

/** @throws pulumi.RunError where a host could not take what it needs */
export function refuseMissingArtifacts(cluster: Cluster, path?: readonly string[]): void {
  const problems = artifactProblems(cluster, path);
  if (problems.length > 0)
    throw new pulumi.RunError(problemsText("This stack's config can't be used, and nothing was touched", problems));
}

/** What these lists lack, in the order of the lists. */
function missing(lists: readonly (() => unknown)[]): Pick<MissingArtifacts, "unknown" | "absent"> {
  const all = lists.flatMap((make) => {
    try {
      make();
      return [];
    } catch (error) {
      if (error instanceof MissingArtifacts) return [error];
      throw error;
    }
  });
  return { unknown: all.flatMap(({ unknown }) => unknown), absent: all.flatMap(({ absent }) => absent) };
}

/** Without the key that it may begin with. */
const messageOf = (error: unknown) =>
  (error instanceof Error ? error.message : String(error))
    .replace(/^config key ha-kubernetes:cluster\S+ /, "")
    .split("; npm run")[0] as string;
