import type { Cluster } from "./schema.ts";

/** A part whose version is in `cluster.versions`. */
export type Part = keyof Cluster["versions"];

/** One version for each part. */
export type PartVersions = Readonly<Record<Part, string>>;

/** The name of the user's own lock, beside the stacks' files. */
export const USER_LOCK = "ha-kubernetes.lock.json";

/** published: the projects' own files and images, by their published hashes. built: files that are built from Go modules. */
export type Origin = "published" | "built";

/** The versions that can be installed, as artifacts/lock.json has them. */
export interface KnownVersions {
  kubernetes: readonly string[];
  parts: Readonly<Record<Part, readonly string[]>>;
  /** What goes with a Kubernetes version, or undefined where the lock doesn't have that one. */
  recommended(kubernetesVersion: string): PartVersions | undefined;
  /** The Kubernetes versions that can be had whole, oldest first: each hash is known, or the modules to build it from are pinned. */
  whole: Readonly<Record<Origin, readonly string[]>>;
  /** The versions of each part that can be built. */
  builtParts: Readonly<Record<Part, readonly string[]>>;
  /** Faults of the user's own lock, in words that follow its name. By default none. */
  faults?: readonly string[];
  /** What a config without `kubernetesVersion` gets. */
  defaults: Readonly<Record<Origin, string>>;
}

/** Where the files of a cluster come from in the end: what a bundle or a mirror of one holds was built. */
export const originOf = ({ traits, artifacts }: Pick<Cluster, "traits" | "artifacts">): Origin =>
  traits.makesArtifacts || artifacts.source === "bundle" || artifacts.manifest !== undefined ? "built" : "published";

/** The versions of all parts: those of the config, else the recommended ones. Undefined where the Kubernetes version is not known. */
export function partVersions(
  cluster: Pick<Cluster, "kubernetesVersion" | "versions">,
  known: KnownVersions,
): PartVersions | undefined {
  const recommended = known.recommended(cluster.kubernetesVersion);
  if (recommended === undefined) return undefined;
  const chosen = Object.entries(cluster.versions).filter(([, version]) => version !== undefined);
  return { ...recommended, ...Object.fromEntries(chosen) };
}

/** Orders versions of three numbers: negative where `a` is older. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number)) as [number[], number[]];
  return left.map((part, index) => part - (right[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

/** The minor version: 1.36 of 1.36.3. */
export function minorOf(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}

/** How many minor versions lie from one version to the next, of the same major one: 1 from 1.35.4 to 1.36.1, negative downwards. */
export function minorSteps(from: string, to: string): number {
  return Number(to.split(".")[1]) - Number(from.split(".")[1]);
}

/** The versions, oldest first. */
export function sorted(versions: readonly string[]): string[] {
  return [...versions].sort(compareVersions);
}
