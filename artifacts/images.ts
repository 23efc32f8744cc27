import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { minorOf } from "../config/versions.ts";
import { type Architecture, filled, found, type ImageBuild, type ImageLock, lock, type Versions } from "./lock.ts";

// Container images from artifacts/lock.json or another lock. Each add-on lists those that it runs.

/** Where the paths of locks begin. */
export const root = fileURLToPath(new URL("../", import.meta.url));

/** An image in one version. */
export interface LockedImage {
  /** Its short name in the lock. */
  name: string;
  version: string;
  /** The part of a cluster whose version it has. Absent where its lock gives the version. */
  part?: keyof Versions;
  /** Its full name with its tag. */
  reference: string;
  /** Its official digest, or "unknown". */
  digest: string;
  /** The archive that holds it in a bundle: some images share one. */
  archive: string;
  /** Whether it keeps its name where the config names a repository that holds all others. By default it has its last name there. */
  keepsName?: boolean;
  /** How a bundle makes it, with the folder that pins its modules. Absent for an image that nodes pull. */
  build?: ImageBuild & { folder?: string };
}

/** An image in the version that goes with a cluster's versions. Throws if the lock lacks the image or the version. */
export function lockedImage(name: string, versions: Versions, from: ImageLock = lock): LockedImage {
  const entry = Object.hasOwn(from.images, name) ? from.images[name] : undefined;
  if (entry === undefined) throw new Error(`image ${name} is not in ${from.path}`);
  const version = entry.version === undefined ? (byMinor(from, versions)[name] ?? "unknown") : versions[entry.version];
  const digest = found(entry.digests, `image ${name}`, version, from.path);
  const project = entry.build?.project;
  const folder = project === undefined ? undefined : resolve(root, dirname(from.path), `go/${project}-${version}`);
  const build = entry.build && { ...entry.build, folder };
  return {
    name,
    version,
    part: entry.version,
    reference: filled(entry.reference, version),
    digest,
    archive: entry.archive ?? name,
    build,
  };
}

/** Versions by image that go with a cluster's Kubernetes version. Throws if the lock lacks the minor version. */
export const byMinor = ({ versions = {}, path }: ImageLock, { kubernetes }: Pick<Versions, "kubernetes">) =>
  found(versions, "a set of images for Kubernetes", minorOf(kubernetes), path);

/** The archives that hold images in a bundle or on a mirror, by file name, in the order of the images. */
export function archivesOf(images: readonly LockedImage[], architecture: Architecture): Map<string, LockedImage[]> {
  return Map.groupBy(images, ({ archive, version }) => `images-${archive}-${version}-linux-${architecture}.tar`);
}

/** Last names that several projects have: there the folder's name goes before, as in metallb-controller. */
const sharedNames = ["controller"];
/** An image's name with its tag on nodes, by which pods call it. `repository`: the one of the user's own that holds all images, if any. */
export const nameOnNodes = ({ keepsName, reference }: LockedImage, repository: string | undefined): string =>
  keepsName ? reference : inRepository(reference, repository);

/**
 * An image's name in a repository that holds all images: its last name there, as kubeadm has it for `imageRepository`, with its tag.
 * Without such a repository it is the name itself. A unit test shows that no two images of all locks have the same name there.
 */
export function inRepository(reference: string, repository: string | undefined): string {
  if (repository === undefined) return reference;
  const [name = "", folder] = reference.split("/").reverse();
  return `${repository}/${sharedNames.includes(name.split(":")[0] as string) ? `${folder}-${name}` : name}`;
}
