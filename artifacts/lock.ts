import type { Cluster } from "../config/schema.ts";
import { compareVersions, type KnownVersions, type Part } from "../config/versions.ts";
import lockFile from "./lock.json" with { type: "json" };

// Typed access to lock.json: every binary and image with its versions, where its official file is and what that file's hash is.

export type Architecture = "amd64" | "arm64";

/** A release file of a project, by the name it has here. */
export type FileName = keyof typeof lockFile.files;

/** A container image, by its short name. */
export type ImageName = keyof typeof lockFile.images;

/** An image of what provider aws adds to a cluster. */
export type AwsImageName = keyof (typeof lockFile.aws)["1.36"];

/** Versions of everything that goes together. */
export type Versions = Readonly<
  Record<
    "kubernetes" | "etcd" | "containerd" | "runc" | "cniPlugins" | "flannel" | "flannelCni" | "coredns" | "pause" | "crictl",
    string
  >
>;

/** A release file in one version for one architecture. */
export interface LockedFile {
  name: FileName;
  version: string;
  /** Its name in a bundle or on a mirror. */
  file: string;
  /** Its name where it was built instead: an archive that is not compressed, because hosts unpack that in a quarter of the time. */
  builtFile: string;
  /** Where the project publishes it. */
  url: string;
  /** The official file's SHA-256, or "unknown". */
  sha256: string;
  /** An archive's programs that hosts take, by base name; absent for a bare binary. */
  members?: readonly string[];
}

interface Lock {
  recommended: Record<string, Omit<Versions, "kubernetes">>;
  files: Record<FileName, { url: string; members?: string[]; sha256: Record<string, Record<Architecture, string>> }>;
  images: Record<ImageName, { reference: string; digests: Record<string, string> }>;
  /** Images that provider aws adds, with the versions that go with a minor version of Kubernetes. */
  aws: Record<string, Record<AwsImageName, string>>;
  /** Go modules that programs are built from where there is no official file: their hashes as in a go.sum. */
  modules: Record<string, Record<string, string>>;
}

/** The whole of lock.json. */
export const lock: Lock = lockFile;

/** Images that travel in one archive: the control plane's three share their bytes. */
export const imageGroups = {
  "control-plane": ["kube-apiserver", "kube-controller-manager", "kube-scheduler"],
  "kube-proxy": ["kube-proxy"],
  flannel: ["flannel"],
  coredns: ["coredns"],
  pause: ["pause"],
  "aws-cloud-controller-manager": ["aws-cloud-controller-manager"],
} as const satisfies Record<string, readonly ImageName[]>;

export type ImageGroup = keyof typeof imageGroups;

/** Groups that no cluster takes but those whose provider asks for them. */
export const cloudImageGroups = ["aws-cloud-controller-manager"] as const satisfies readonly ImageGroup[];
export type CloudImageGroup = (typeof cloudImageGroups)[number];

/** The name of an archive of images in a bundle or on a mirror. */
export const imageFile = (group: ImageGroup, version: string, architecture: Architecture) =>
  `images-${group}-${version}-linux-${architecture}.tar`;

/** An image's full name with its tag. Throws where the lock doesn't have the version. */
export function imageReference(name: ImageName, version: string): string {
  const { reference, digests } = lock.images[name];
  found(digests, `image ${name}`, version);
  return filled(reference, version);
}

/** An image's official digest. Throws where it is not known. */
export function imageDigest(name: ImageName, version: string): string {
  const digest = found(lock.images[name].digests, `image ${name}`, version);
  if (digest !== "unknown") return digest;
  throw new Error(
    `the official digest of image ${imageReference(name, version)} is unknown: fill it in in artifacts/lock.json, or use a bundle`,
  );
}

/** A release file. Throws where the lock doesn't have the version. */
export function lockedFile(name: FileName, version: string, architecture: Architecture): LockedFile {
  const { url, members, sha256 } = lock.files[name];
  const hashes = found(sha256, `artifact ${name}`, version);
  const base = `${name}-${version}-linux-${architecture}`;
  const [file, builtFile] = members === undefined ? [base, base] : [`${base}.tar.gz`, `${base}.tar`];
  return { name, version, file, builtFile, url: filled(url, version, architecture), sha256: hashes[architecture], members };
}

/** An official file's SHA-256. Throws where it is not known. */
export function officialSha256({ name, version, url, sha256 }: LockedFile): string {
  if (sha256 !== "unknown") return sha256;
  throw new Error(
    `the official SHA-256 of ${name} ${version} (${url}) is unknown: fill it in in artifacts/lock.json, or use a bundle`,
  );
}

/**
 * The versions of every part of a cluster, its config's own or those that go with its Kubernetes version, and the images that
 * add-ons run. Throws where the lock doesn't have one of them.
 */
export function resolveVersions(cluster: Pick<Cluster, "kubernetesVersion" | "versions">): {
  versions: Versions;
  images: { kubeProxy: string; flannel: string; coredns: string };
} {
  const kubernetes = cluster.kubernetesVersion;
  const recommended = found(lock.recommended, "Kubernetes", kubernetes);
  const chosen = Object.entries(cluster.versions).filter(([, version]) => version !== undefined);
  const versions = { ...recommended, ...(Object.fromEntries(chosen) as Partial<Versions>), kubernetes };
  for (const [part, list] of Object.entries(knownVersions().parts)) {
    const version = versions[part as Part];
    if (!list.includes(version)) throw new Error(notInLock(part, version, list));
  }
  const images = {
    kubeProxy: imageReference("kube-proxy", kubernetes),
    flannel: imageReference("flannel", versions.flannel),
    coredns: imageReference("coredns", versions.coredns),
  };
  return { versions, images };
}

/** Versions of what provider aws adds, for a version of Kubernetes. Throws where the lock has none for its minor version. */
export function awsVersions(kubernetes: string): Record<AwsImageName, string> {
  return found(lock.aws, "what provider aws adds, for Kubernetes", kubernetes.split(".").slice(0, 2).join("."));
}

/** The versions that the lock has of each part that a config can name. */
export function knownVersions(): KnownVersions {
  const of = (byVersion: Record<string, unknown>) => Object.keys(byVersion).sort(compareVersions);
  return {
    kubernetes: of(lock.recommended),
    parts: {
      etcd: of(lock.files.etcd.sha256),
      containerd: of(lock.files.containerd.sha256),
      runc: of(lock.files.runc.sha256),
      cniPlugins: of(lock.files["cni-plugins"].sha256),
      flannel: of(lock.images.flannel.digests),
      coredns: of(lock.images.coredns.digests),
    },
    recommended: (version) => lock.recommended[version],
  };
}

function found<T>(byVersion: Record<string, T>, what: string, version: string): T {
  const value = Object.hasOwn(byVersion, version) ? byVersion[version] : undefined;
  if (value === undefined) throw new Error(notInLock(what, version, Object.keys(byVersion)));
  return value;
}

const notInLock = (what: string, version: string, list: readonly string[]) =>
  `${what} version ${version} is not in artifacts/lock.json; it has ${list.join(", ")}`;

const filled = (template: string, version: string, architecture = "") =>
  template.replaceAll("{version}", version).replaceAll("{architecture}", architecture);
