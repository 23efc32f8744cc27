import type { KnownVersions } from "../config/versions.ts";
import { lockedImage } from "./images.ts";
import { type Architecture, type FileName, lock, lockedFile, resolveVersions, versionsInLock } from "./lock.ts";
import { canBuild } from "./recipes.ts";
import { type Unknown, unknownFile, unknownImage } from "./unknown.ts";

// Which versions a config may name, and which of them can be had from where.

/** The versions that the lock has. */
export function knownVersions(): KnownVersions {
  const { kubernetes, parts } = versionsInLock();
  const published = kubernetes.filter((version) => unknownOf(version).length === 0);
  const built = kubernetes.filter((version) => canBuild("kubelet", version));
  return {
    kubernetes,
    parts,
    recommended: (version) =>
      kubernetes.includes(version) ? resolveVersions({ kubernetesVersion: version, versions: {} }).versions : undefined,
    whole: { published, built },
    defaults: { published: published.at(-1) as string, built: lock.default },
  };
}

const architectures: readonly Architecture[] = ["amd64", "arm64"];
/** A tool for people: where its file isn't to be had, nothing misses it. */
export const spared: FileName = "crictl";

/** What any host of a cluster of this version might take and whose official hash is unknown. */
function unknownOf(kubernetesVersion: string): Unknown[] {
  const { versions } = resolveVersions({ kubernetesVersion, versions: {} });
  const names = (Object.keys(lock.files) as FileName[]).filter((name) => name !== spared);
  const files = names.flatMap((name) =>
    architectures.flatMap((architecture) =>
      unknownFile(lockedFile(name, versions[lock.files[name].version], architecture), architecture, versions),
    ),
  );
  return [...files, ...Object.keys(lock.images).flatMap((name) => unknownImage(lockedImage(name, versions)))];
}
