import { archivesOf, type LockedImage, lockedImage } from "./images.ts";
import { spared } from "./known-versions.ts";
import { type Architecture, type FileName, type ImageLock, type LockedFile, lock, lockedFile, type Versions } from "./lock.ts";
import { buildOfFile, buildsOfImages, canBuild } from "./recipes.ts";

// The files of a bundle for given versions, and the origin of each.

/** official: only the projects' own files. build: only files built on this machine. auto: official if reachable and known, else built. */
export type BundleSource = "official" | "build" | "auto";

/** A file that a bundle is to hold. */
export type Wanted = { file: string; version: string } & (
  | { locked: LockedFile }
  /** `pulled`: the projects' own images, from their registries. Else images that are built here. */
  | { images: readonly LockedImage[]; pulled?: boolean }
);

/** The name of a file that was built. */
export const builtName = (item: Wanted): string => ("locked" in item ? item.locked.builtFile : item.file);

// The slowest builds first.
const FILES: readonly FileName[] = [
  "kubelet",
  "kubeadm",
  "kubectl",
  "containerd",
  "etcd",
  "runc",
  "cni-plugins",
  "flannel-cni",
  "crictl",
];

/** Every file that hosts of a cluster with these versions take. `others`: more locks whose images the bundle holds. */
export function wantedFiles(
  versions: Versions,
  architecture: Architecture,
  source: BundleSource,
  others: readonly ImageLock[] = [],
): Wanted[] {
  const all: Extract<Wanted, { locked: unknown }>[] = FILES.map((name) => {
    const version = versions[lock.files[name].version];
    const locked = lockedFile(name, version, architecture);
    return { file: locked.file, version, locked };
  });
  // Hosts take such a program from its image.
  const wanted: Wanted[] = all.filter(({ locked }) =>
    source === "official"
      ? locked.sha256 !== "unknown" || locked.image === undefined
      : locked.name !== spared || canBuild(locked.name, locked.version),
  );
  // Official images come from their registries.
  if (source === "official") return wanted;
  const images = [lock, ...others].flatMap((from) =>
    Object.entries(from.images)
      .filter(([, { build }]) => build !== undefined)
      .map(([name]) => lockedImage(name, versions, from)),
  );
  const archives = [...archivesOf(images, architecture)];
  return [...wanted, ...archives.map(([file, images]) => ({ file, version: (images[0] as LockedImage).version, images }))];
}

/** The archives with the projects' own images of these versions, which `wantedFiles` wants as built ones, if at all. */
export function wantedImages(versions: Versions, architecture: Architecture, others: readonly ImageLock[] = []): Wanted[] {
  const images = [lock, ...others].flatMap((from) => Object.keys(from.images).map((name) => lockedImage(name, versions, from)));
  return pulledArchives(images, architecture);
}

/** The archives of images that come from their registries. */
export const pulledArchives = (images: readonly LockedImage[], architecture: Architecture): Wanted[] =>
  [...archivesOf(images, architecture)].map(([file, held]) => ({
    file,
    version: (held[0] as LockedImage).version,
    images: held,
    pulled: true,
  }));

/** Throws if the official digest of one of the images is unknown. */
export function refuseUnknown(images: readonly LockedImage[]): void {
  const unknown = images.filter(({ digest }) => digest === "unknown");
  if (unknown.length === 0) return;
  const cures = new Set(unknown.map(({ name, part, version }) => `npm run lock -- add ${part ?? name} ${version}`));
  const references = unknown.map(({ reference }) => reference).join(", ");
  throw new Error(`the official digest of ${references} is unknown: ${[...cures].join(" and ")} looks it up`);
}

/** How a missing file is made. Throws if the source can't make it, or if the repository doesn't pin what it would be built from. */
export function originOf(wanted: Wanted, source: BundleSource, online: boolean): "official" | "built" {
  if (!("locked" in wanted)) {
    if (wanted.pulled) return "official";
    buildsOfImages(wanted.images);
    return "built";
  }
  const { name, part, version, sha256 } = wanted.locked;
  const official = sha256 !== "unknown" && (source === "official" || (source === "auto" && online));
  if (official) return "official";
  if (source === "official") {
    throw new Error(
      `the official SHA-256 of ${name} ${version} is unknown: npm run lock -- add ${part} ${version} looks it up; or run this with --source auto or build`,
    );
  }
  buildOfFile(name, version);
  return "built";
}
