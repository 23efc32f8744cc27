import type { Addon } from "../addons/addon.ts";
import { usualAddons } from "../addons/registry.ts";
import { archivesOf, inRepository, type LockedImage, lockedImage, nameOnNodes } from "../artifacts/images.ts";
import { spared } from "../artifacts/known-versions.ts";
import { type Architecture, type FileName, lockedFile, resolveVersions, type Versions } from "../artifacts/lock.ts";
import { type Unknown, unknownFile, unknownImage } from "../artifacts/unknown.ts";
import type { Role } from "../config/schema.ts";
import { isNode } from "./cluster.ts";

// Which binaries and images a host takes, by its roles, as the list that hosts/lib/artifacts.sh works through.

/** Where hosts take artifacts from; see ArtifactSource of providers/contract.ts, with the hashes known. */
export interface Source {
  kind: "official" | "mirror" | "bundle";
  location: string;
  sha256?: Readonly<Record<string, string>>;
  imageRepository?: string;
}

export interface ArtifactsArgs {
  roles: readonly Role[];
  versions: Versions;
  architecture: Architecture;
  source: Source;
  /** The add-ons of the cluster, of which some have images that hosts get before the first pod. Default: the usual ones. */
  addons?: readonly Addon[];
}

/**
 * Lines of the list, fields parted by one blank. `binary` and `archive`: SHA-256, URL or path, folder on the host, programs to
 * put there. `images`: SHA-256, URL or path, image names in it. `pull`: digest, image name. `image-program`: digest, image name,
 * folder on the host, programs of the image to put there.
 */
export interface Artifacts {
  /** Empty for a host that needs none. */
  text: string;
}

/** Files that a host would take and can't: their official hash is unknown, or the bundle's manifest doesn't have them. */
export class MissingArtifacts extends Error {
  readonly unknown: readonly Unknown[];
  /** Names of files. */
  readonly absent: readonly string[];

  constructor(unknown: readonly Unknown[], absent: readonly string[]) {
    const words = [
      ...(unknown.length === 0 ? [] : [`no official hash is known of ${unknown.map(({ what }) => what).join(", ")}`]),
      ...(absent.length === 0 ? [] : [`the bundle's manifest has no ${absent.join(", ")}`]),
    ];
    super(words.join("; "));
    this.unknown = unknown;
    this.absent = absent;
  }
}

/** Folder of a part's programs on a host. Each version has its own, so that the next one can lie ready beside it. */
export const artifactFolder = (name: string, version: string) => `/opt/ha-kubernetes/${name}-${version}`;

/**
 * What a host of these roles takes. Throws where the lock doesn't have a version.
 *
 * @throws MissingArtifacts naming every file and image that can't be had
 */
export function artifactsFor(args: ArtifactsArgs): Artifacts {
  const { roles, versions } = args;
  const node = isNode(roles);
  const items: Item[] = [];
  const take = (name: FileName, version: string, folder: string) => items.push(fileItem(args, name, version, folder));
  const kubernetes = artifactFolder("kubernetes", versions.kubernetes);
  if (node) {
    const plugins = artifactFolder("cni-plugins", versions.cniPlugins);
    take("containerd", versions.containerd, artifactFolder("containerd", versions.containerd));
    take("runc", versions.runc, artifactFolder("runc", versions.runc));
    take("cni-plugins", versions.cniPlugins, plugins);
    take("flannel-cni", versions.flannelCni, plugins);
    take("kubelet", versions.kubernetes, kubernetes);
    take("kubectl", versions.kubernetes, kubernetes);
    if (hasFile(args, spared, versions.crictl)) take(spared, versions.crictl, artifactFolder("crictl", versions.crictl));
  }
  if (roles.includes("control-plane")) take("kubeadm", versions.kubernetes, kubernetes);
  // The control plane's turns are leases in etcd.
  if (roles.includes("etcd") || roles.includes("control-plane")) {
    take("etcd", versions.etcd, artifactFolder("etcd", versions.etcd));
  }
  if (node) items.push(...imageItems(args, imagesOf(args)));
  return { text: textOf(items) };
}

/**
 * What a control plane takes of a Kubernetes version that it goes through on its way to another: no more than that version's own.
 *
 * @throws MissingArtifacts as above
 */
export function passingArtifacts(kubernetes: string, architecture: Architecture, source: Source): string {
  const { versions } = resolveVersions({ kubernetesVersion: kubernetes, versions: {} });
  const args: ArtifactsArgs = { roles: ["control-plane"], versions, architecture, source, addons: [] };
  const folder = artifactFolder("kubernetes", kubernetes);
  const files = (["kubelet", "kubectl", "kubeadm"] as const).map((name) => fileItem(args, name, kubernetes, folder));
  return textOf([...files, ...imageItems(args, controlPlaneImages(versions))]);
}

/** A line of the list, or why there is none: unknown hashes, or the name of a file that a manifest lacks. */
type Item = { line: string } | { unknown: readonly Unknown[] } | { absent: string };

function textOf(items: readonly Item[]): string {
  const unknown = items.flatMap((item) => ("unknown" in item ? item.unknown : []));
  const absent = items.flatMap((item) => ("absent" in item ? item.absent : []));
  if (unknown.length + absent.length > 0) throw new MissingArtifacts(unknown, absent);
  return items.map((item) => ("line" in item ? `${item.line}\n` : "")).join("");
}

const controlPlaneImages = (versions: Versions) =>
  ["kube-apiserver", "kube-controller-manager", "kube-scheduler"].map((name) => lockedImage(name, versions));

/** The images that a node of these roles has before its first pod, smallest last: the big ones are what takes time. */
function imagesOf({ roles, versions, architecture, source, addons = usualAddons }: ArtifactsArgs): LockedImage[] {
  const preloaded = (where: Addon["preload"]) =>
    addons.filter(({ preload }) => preload === where).flatMap((addon) => Object.values(addon.images(versions)));
  const inBundle = (image: LockedImage) =>
    [...archivesOf([image], architecture).keys()].every((file) => Object.hasOwn(source.sha256 ?? {}, file));
  const onEveryNode = [...preloaded("nodes"), lockedImage("pause", versions)];
  if (!roles.includes("control-plane")) return onEveryNode;
  return [...controlPlaneImages(versions), ...preloaded("control-planes").filter(inBundle), ...onEveryNode];
}

function fileItem({ architecture, source, versions }: ArtifactsArgs, name: FileName, version: string, folder: string): Item {
  const locked = lockedFile(name, version, architecture);
  // The plugin that is called by CNI has flannel's plain name.
  const programs = locked.members ?? [name === "flannel-cni" ? "flannel" : name];
  if (source.sha256 === undefined) {
    const unknown = unknownFile(locked, architecture, versions);
    if (unknown.length > 0) return { unknown };
    if (locked.sha256 === "unknown") {
      const { digest, reference } = lockedImage(locked.image as string, versions);
      return { line: ["image-program", digest, inRepository(reference, source.imageRepository), folder, ...programs].join(" ") };
    }
  }
  const built = source.sha256 !== undefined && Object.hasOwn(source.sha256, locked.builtFile);
  const file = built ? locked.builtFile : locked.file;
  const sha256 = source.sha256 === undefined ? locked.sha256 : own(source.sha256, file);
  if (sha256 === undefined) return { absent: file };
  const from = source.kind === "official" ? locked.url : below(source.location, file);
  const kind = locked.members === undefined ? "binary" : "archive";
  return { line: [kind, sha256, from, folder, ...programs].join(" ") };
}

function hasFile({ source, architecture }: ArtifactsArgs, name: FileName, version: string): boolean {
  const { file, builtFile, sha256 } = lockedFile(name, version, architecture);
  const held = source.sha256;
  return held === undefined ? sha256 !== "unknown" : [file, builtFile].some((it) => Object.hasOwn(held, it));
}

/** A bundle has archives of images; the official ones come from their registry by digest, also where files come from a mirror of them. */
function imageItems(
  { source: { sha256, location, imageRepository }, architecture }: ArtifactsArgs,
  images: readonly LockedImage[],
): Item[] {
  if (sha256 === undefined) {
    return images.map((image) => {
      const unknown = unknownImage(image);
      return unknown.length > 0 ? { unknown } : { line: `pull ${image.digest} ${nameOnNodes(image, imageRepository)}` };
    });
  }
  return [...archivesOf(images, architecture)].map(([file, held]) => {
    const hash = own(sha256, file);
    if (hash === undefined) return { absent: file };
    return { line: ["images", hash, below(location, file), ...held.map(({ reference }) => reference)].join(" ") };
  });
}

const own = (hashes: Readonly<Record<string, string>>, file: string) => (Object.hasOwn(hashes, file) ? hashes[file] : undefined);

const below = (location: string, file: string) => `${location.replace(/\/+$/, "")}/${file}`;
