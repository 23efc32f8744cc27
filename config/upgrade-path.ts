import type { Cluster } from "./schema.ts";
import { type KnownVersions, minorOf, minorSteps, originOf, sorted } from "./versions.ts";

// The way from one Kubernetes version to another that is several minor versions away.

/** A kubelet may be this many minor versions older than an apiserver (the version skew policy), so workers can make one step of it. */
export const farthestMinors = 3;

/** The minor versions between two versions of one part, oldest first, each with its newest known version or undefined. */
export function stops(from: string, to: string, known: readonly string[]): { minor: string; version: string | undefined }[] {
  const [major] = to.split(".");
  const first = Number(from.split(".")[1]) + 1;
  return Array.from({ length: Math.max(0, minorSteps(from, to) - 1) }, (_, index) => {
    const minor = `${major}.${first + index}`;
    return { minor, version: sorted(known.filter((version) => minorOf(version) === minor)).at(-1) };
  });
}

/**
 * The Kubernetes versions through which control planes go on the way from what the last `up` was told to make to the
 * cluster's. None where the way is one step, is to be walked by hand, or can't be walked in one `up`: it is longer than kubelets allow, or no version of a minor one between can be had whole.
 *
 * As long as the version stays, so does the way to it: an `up` that failed on the way may have recorded it as done, and the next one
 * goes on where that stopped.
 */
export function pathOf(
  before: { kubernetesVersion: string; kubernetesPath?: string[] } | undefined,
  cluster: Pick<Cluster, "kubernetesVersion" | "upgradePath" | "traits" | "artifacts">,
  known: KnownVersions,
): string[] {
  const { kubernetesVersion: to, upgradePath } = cluster;
  if (before === undefined) return [];
  if (before.kubernetesVersion === to) return before.kubernetesPath ?? [];
  if (upgradePath === "step") return [];
  if (minorSteps(before.kubernetesVersion, to) > farthestMinors) return [];
  const versions = stops(before.kubernetesVersion, to, known.whole[originOf(cluster)]).map(({ version }) => version);
  return versions.every((version) => version !== undefined) ? versions : [];
}
