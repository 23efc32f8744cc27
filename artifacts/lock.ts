import type { Cluster } from "../config/schema.ts";
import { compareVersions, minorOf, type Part } from "../config/versions.ts";
import lockFile from "./lock.json" with { type: "json" };
import { readUserLock, withUserLock } from "./user-lock.ts";

// Typed access to lock.json: every binary and image with its versions, the URL of its official file and the hash of that file.

export type Architecture = "amd64" | "arm64";

/** The name of a project's release file in the lock. */
export type FileName = keyof typeof lockFile.files;

/** One version of each part of a cluster. */
export type Versions = Readonly<
  Record<
    "kubernetes" | "etcd" | "containerd" | "runc" | "cniPlugins" | "flannel" | "flannelCni" | "coredns" | "pause" | "crictl",
    string
  >
>;

/** A release file in one version for one architecture. */
export interface LockedFile {
  name: FileName;
  part: keyof Versions;
  version: string;
  /** Its name in a bundle or on a mirror. */
  file: string;
  /** Its name if it was built: an archive without compression, because hosts unpack that in a quarter of the time. */
  builtFile: string;
  /** The URL at which the project publishes it. */
  url: string;
  /** The image that holds its program, by its name in the lock, for a file whose hash nobody published. By default none. */
  image?: string;
  /** The official file's SHA-256, or "unknown". */
  sha256: string;
  /** The programs that hosts take from the archive, by base name. Absent for a bare binary. */
  members?: readonly string[];
}

/** How to build the program of an image: from a public Go module, or from `file`, a program beside lock.json. */
export interface ImageBuild {
  /** A project with a folder `go/<project>-<version>` beside the lock, which pins its modules. */
  project?: string;
  /** The program's package in the project. */
  package?: string;
  file?: string;
  /** The program in the image. By default /usr/local/bin/ and the image's name. */
  entrypoint?: string;
  /** Whether the program calls the tools of the packet filter. Then the image holds them, too. */
  base?: boolean;
  /** See GoBuild of recipes.ts; `{version}` in `variables` is the image's. */
  cgo?: boolean;
  tags?: readonly string[];
  variables?: Readonly<Record<string, string>>;
}

/** An image in all its versions. */
export interface ImageEntry {
  reference: string;
  /** The part of a cluster whose version it has. By default `versions` of its lock has the version. */
  version?: keyof Versions;
  /** The archive in a bundle that it shares with other images. By default it has its own archive, with its name. */
  archive?: string;
  /** How a bundle makes it. Absent: bundles lack it, and nodes pull it. */
  build?: ImageBuild;
  /** Official digests by version, or "unknown". */
  digests: Readonly<Record<string, string>>;
}

/** A file of Kubernetes objects in all its versions. Its lock's `versions` say which one goes with which Kubernetes. */
export interface ManifestEntry {
  /** The URL at which the project publishes it. */
  url: string;
  /** The official file's SHA-256 by version, or "unknown". */
  sha256: Readonly<Record<string, string>>;
  /** The kinds of those of its objects that are taken. Default: all. */
  kinds?: readonly string[];
  /** How a bundle makes it: files, or folders of .yaml files, of a Go module that a folder `go/<project>-<version>` pins. */
  build?: { project: string; module: string; files: readonly string[] };
}

/** The images of a lock. artifacts/lock.json has those of every cluster; a provider's lock has those of its add-ons. */
export interface ImageLock {
  /** The lock's path in the repository, for messages. */
  path: string;
  images: Readonly<Record<string, ImageEntry>>;
  /** Files of objects that the program itself reads; no host takes one. */
  manifests?: Readonly<Record<string, ManifestEntry>>;
  /** Versions by image and manifest, for each minor version of Kubernetes. */
  versions?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A release file in all its versions. */
export interface FileEntry {
  /** The part of a cluster whose version it has. */
  version: keyof Versions;
  url: string;
  /** Where the project publishes its SHA-256: a file of that hash alone, or of lines with a hash and a file's name. Absent where it publishes none. */
  checksums?: string;
  /** See LockedFile. */
  image?: string;
  members?: readonly string[];
  sha256: Readonly<Record<string, Readonly<Record<Architecture, string>>>>;
}

interface Lock extends ImageLock {
  /** The Kubernetes version of a config that names none, where files are built: the one that the tests run on. */
  default: string;
  /** The versions of all other parts, for each minor version of Kubernetes. */
  recommended: Record<string, Omit<Versions, "kubernetes">>;
  files: Record<FileName, FileEntry>;
  images: Record<keyof typeof lockFile.images, ImageEntry>;
}

/** The whole of lock.json. */
export const ownLock: Lock = { path: "artifacts/lock.json", ...(lockFile as Omit<Lock, "path">) };

/** The user's own lock, as it was when the program started. */
export const userLock = readUserLock();

/** The same with what the user's own lock adds. */
export const lock: Lock = withUserLock(ownLock, userLock.lock);

/** A release file. Throws if the lock lacks the version. */
export function lockedFile(name: FileName, version: string, architecture: Architecture): LockedFile {
  const { url, image, members, sha256, version: part } = lock.files[name];
  const hashes = found(sha256, `artifact ${name}`, version);
  const base = `${name}-${version}-linux-${architecture}`;
  const [file, builtFile] = members === undefined ? [base, base] : [`${base}.tar.gz`, `${base}.tar`];
  const sha256OfOne = hashes[architecture];
  return { name, part, version, file, builtFile, url: filled(url, version, architecture), sha256: sha256OfOne, image, members };
}

/** The SHA-256 of an official file. Throws if it is not known. */
export function officialSha256({ name, part, version, url, sha256 }: LockedFile): string {
  if (sha256 !== "unknown") return sha256;
  throw new Error(
    `the official SHA-256 of ${name} ${version} (${url}) is unknown: npm run lock -- add ${part} ${version} looks it up; or use a bundle`,
  );
}

/**
 * The versions of every part of a cluster: those of its config, or those that go with its Kubernetes version. Throws if the lock
 * lacks one of them.
 */
export function resolveVersions(cluster: Pick<Cluster, "kubernetesVersion" | "versions">): { versions: Versions } {
  const kubernetes = cluster.kubernetesVersion;
  const known = versionsInLock();
  found(Object.fromEntries(known.kubernetes.map((version) => [version, version])), "Kubernetes", kubernetes);
  const recommended = found(lock.recommended, "a set of versions for Kubernetes", minorOf(kubernetes));
  const chosen = Object.entries(cluster.versions).filter(([, version]) => version !== undefined);
  const versions = { ...recommended, ...(Object.fromEntries(chosen) as Partial<Versions>), kubernetes };
  for (const [part, list] of Object.entries(known.parts)) {
    const version = versions[part as Part];
    if (!list.includes(version)) throw new Error(notInLock(part, version, list));
  }
  return { versions };
}

/** The versions that the lock has of Kubernetes and of each part that a config can name, oldest first. */
export function versionsInLock(): { kubernetes: string[]; parts: Record<Part, string[]> } {
  const of = (byVersion: Readonly<Record<string, unknown>>) => Object.keys(byVersion).sort(compareVersions);
  const { files, images } = lock;
  return {
    kubernetes: of(files.kubelet.sha256),
    parts: {
      etcd: of(files.etcd.sha256),
      containerd: of(files.containerd.sha256),
      runc: of(files.runc.sha256),
      cniPlugins: of(files["cni-plugins"].sha256),
      flannel: of(images.flannel.digests),
      coredns: of(images.coredns.digests),
    },
  };
}

/** The entry of a version. Throws if the lock at `path` lacks it, with the versions that it has. */
export function found<T>(byVersion: Readonly<Record<string, T>>, what: string, version: string, path: string = lock.path): T {
  const value = Object.hasOwn(byVersion, version) ? byVersion[version] : undefined;
  if (value === undefined) throw new Error(notInLock(what, version, Object.keys(byVersion), path));
  return value;
}

const notInLock = (what: string, version: string, list: readonly string[], path: string = lock.path) =>
  `${what} version ${version} is not in ${path}; it has ${list.join(", ")}`;

/** A text of the lock with its placeholders filled in. */
export const filled = (template: string, version: string, architecture = "") =>
  template.replaceAll("{version}", version).replaceAll("{architecture}", architecture);
