import { type KnownVersions, minorOf, type Part } from "../config/versions.ts";
import { lockedImage } from "./images.ts";
import {
  type Architecture,
  type FileName,
  lock,
  lockedFile,
  ownLock,
  resolveVersions,
  userLock,
  type Versions,
  versionsInLock,
} from "./lock.ts";
import { canBuild, canBuildImage } from "./recipes.ts";
import { type Unknown, unknownFile, unknownImage } from "./unknown.ts";
import { contradictions } from "./user-lock.ts";

// Which versions a config may name, and which of them can be had from where.

/** The versions that the lock has. */
export function knownVersions(): KnownVersions {
  const { kubernetes, parts } = versionsInLock();
  const published = kubernetes.filter((version) => unknownOf(version).length === 0);
  const built = kubernetes.filter((version) => canBuild("kubelet", version));
  const wrong = contradictions(lock, userLock.lock);
  return {
    kubernetes,
    parts,
    recommended: (version) => (kubernetes.includes(version) ? lock.recommended[minorOf(version)] : undefined),
    whole: { published, built },
    builtParts: Object.fromEntries(
      Object.entries(parts).map(([part, list]) => [part, list.filter((version) => isBuilt(part as Part, version))]),
    ) as Record<Part, string[]>,
    defaults: {
      // What a user adds is for those who name it.
      published: published.filter((version) => Object.hasOwn(ownLock.files.kubelet.sha256, version)).at(-1) as string,
      built: lock.default,
    },
    faults: userLock.fault === undefined ? wrong : [userLock.fault],
  };
}

/** Whether each file and image that has a part's version can be built. */
function isBuilt(part: Part, version: string): boolean {
  const files = (Object.keys(lock.files) as FileName[]).filter((name) => lock.files[name].version === part);
  const images = Object.entries(lock.images).flatMap(([name, { version: of, build }]) =>
    of === part && build?.project !== undefined ? [lockedImage(name, { [part]: version } as unknown as Versions)] : [],
  );
  return files.every((name) => canBuild(name, version)) && images.every(canBuildImage);
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
