import type { Addon } from "../addons/addon.ts";
import { addons } from "../addons/registry.ts";
import { archivesOf, type LockedImage, lockedImage, officialDigest } from "../artifacts/images.ts";
import {
  type Architecture,
  type FileName,
  lockedFile,
  officialSha256,
  resolveVersions,
  type Versions,
} from "../artifacts/lock.ts";
import type { Role } from "../config/schema.ts";
import { isNode } from "./cluster.ts";

// Which binaries and images a host takes, by its roles, as the list that hosts/lib/artifacts.sh works through.

/** Where hosts take artifacts from; see ArtifactSource of providers/contract.ts, with the hashes known. */
export interface Source {
  kind: "official" | "mirror" | "bundle";
  location: string;
  sha256?: Readonly<Record<string, string>>;
}

export interface ArtifactsArgs {
  roles: readonly Role[];
  versions: Versions;
  architecture: Architecture;
  source: Source;
  /** Add-ons that the provider brings. By default none. */
  providerAddons?: readonly Addon[];
}

/**
 * Lines of the list, fields parted by one blank. `binary` and `archive`: SHA-256, URL or path, folder on the host, programs to
 * put there. `images`: SHA-256, URL or path, image names in it. `pull`: digest, image name.
 */
export interface Artifacts {
  /** Empty for a host that needs none. */
  text: string;
}

/** Folder of a part's programs on a host. Each version has its own, so that the next one can lie ready beside it. */
export const artifactFolder = (name: string, version: string) => `/opt/ha-kubernetes/${name}-${version}`;

/**
 * What a host of these roles takes. Throws where the lock doesn't have a version, where the source is the official one and its
 * hash is unknown, and where a bundle's manifest doesn't have a file.
 */
export function artifactsFor(args: ArtifactsArgs): Artifacts {
  const { roles, versions } = args;
  const node = isNode(roles);
  const lines: string[] = [];
  const take = (name: FileName, version: string, folder: string) => lines.push(fileLine(args, name, version, folder));
  const kubernetes = artifactFolder("kubernetes", versions.kubernetes);
  if (node) {
    const plugins = artifactFolder("cni-plugins", versions.cniPlugins);
    take("containerd", versions.containerd, artifactFolder("containerd", versions.containerd));
    take("runc", versions.runc, artifactFolder("runc", versions.runc));
    take("cni-plugins", versions.cniPlugins, plugins);
    take("flannel-cni", versions.flannelCni, plugins);
    take("kubelet", versions.kubernetes, kubernetes);
    take("kubectl", versions.kubernetes, kubernetes);
    // A tool for people: where it isn't to be had, nothing misses it.
    if (hasFile(args, "crictl", versions.crictl)) take("crictl", versions.crictl, artifactFolder("crictl", versions.crictl));
  }
  if (roles.includes("control-plane")) take("kubeadm", versions.kubernetes, kubernetes);
  // The control plane's turns are leases in etcd.
  if (roles.includes("etcd") || roles.includes("control-plane")) {
    take("etcd", versions.etcd, artifactFolder("etcd", versions.etcd));
  }
  if (node) lines.push(...imageLines(args, imagesOf(args)));
  return { text: lines.map((line) => `${line}\n`).join("") };
}

/** What a control plane takes of a Kubernetes version that it goes through on its way to another: no more than that version's own. */
export function passingArtifacts(kubernetes: string, architecture: Architecture, source: Source): string {
  const { versions } = resolveVersions({ kubernetesVersion: kubernetes, versions: {} });
  const args: ArtifactsArgs = { roles: ["control-plane"], versions, architecture, source };
  const folder = artifactFolder("kubernetes", kubernetes);
  const files = (["kubelet", "kubectl", "kubeadm"] as const).map((name) => fileLine(args, name, kubernetes, folder));
  return [...files, ...imageLines(args, controlPlaneImages(versions))].map((line) => `${line}\n`).join("");
}

const controlPlaneImages = (versions: Versions) =>
  ["kube-apiserver", "kube-controller-manager", "kube-scheduler"].map((name) => lockedImage(name, versions));

/** The images that a node of these roles has before its first pod, smallest last: the big ones are what takes time. */
function imagesOf({ roles, versions, architecture, source, providerAddons = [] }: ArtifactsArgs): LockedImage[] {
  const preloaded = (where: Addon["preload"]) =>
    [...addons, ...providerAddons]
      .filter(({ preload }) => preload === where)
      .flatMap((addon) => Object.values(addon.images(versions)));
  const inBundle = (image: LockedImage) =>
    [...archivesOf([image], architecture).keys()].every((file) => Object.hasOwn(source.sha256 ?? {}, file));
  const onEveryNode = [...preloaded("nodes"), lockedImage("pause", versions)];
  if (!roles.includes("control-plane")) return onEveryNode;
  return [...controlPlaneImages(versions), ...preloaded("control-planes").filter(inBundle), ...onEveryNode];
}

function fileLine(args: ArtifactsArgs, name: FileName, version: string, folder: string): string {
  const locked = lockedFile(name, version, args.architecture);
  const file =
    args.source.sha256 !== undefined && Object.hasOwn(args.source.sha256, locked.builtFile) ? locked.builtFile : locked.file;
  const sha256 = args.source.sha256 === undefined ? officialSha256(locked) : bundled(args.source.sha256, file);
  const from = args.source.kind === "official" ? locked.url : below(args.source.location, file);
  const kind = locked.members === undefined ? "binary" : "archive";
  // The plugin that is called by CNI has flannel's plain name.
  const programs = locked.members ?? [name === "flannel-cni" ? "flannel" : name];
  return [kind, sha256, from, folder, ...programs].join(" ");
}

function hasFile({ source, architecture }: ArtifactsArgs, name: FileName, version: string): boolean {
  const { file, builtFile } = lockedFile(name, version, architecture);
  return source.sha256 === undefined || [file, builtFile].some((it) => Object.hasOwn(source.sha256 ?? {}, it));
}

/** A bundle has archives of images; the official ones come from their registry by digest, also where files come from a mirror of them. */
function imageLines({ source: { sha256, location }, architecture }: ArtifactsArgs, images: readonly LockedImage[]): string[] {
  if (sha256 === undefined) return images.map((image) => `pull ${officialDigest(image)} ${image.reference}`);
  return [...archivesOf(images, architecture)].map(([file, held]) =>
    ["images", bundled(sha256, file), below(location, file), ...held.map(({ reference }) => reference)].join(" "),
  );
}

function bundled(sha256: Readonly<Record<string, string>>, file: string): string {
  const hash = Object.hasOwn(sha256, file) ? sha256[file] : undefined;
  if (hash !== undefined) return hash;
  throw new Error(`the bundle's manifest has no ${file}: make it with npm run bundle and the versions of this cluster`);
}

const below = (location: string, file: string) => `${location.replace(/\/+$/, "")}/${file}`;
