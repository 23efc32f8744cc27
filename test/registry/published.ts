import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createTar } from "nanotar";
import { readManifest } from "../../artifacts/bundle-manifest.ts";
import { archivesOf, type LockedImage, lockedImage } from "../../artifacts/images.ts";
import { type FileName, type LockedFile, lock, lockedFile, resolveVersions } from "../../artifacts/lock.ts";
import { makeLayer, writeImages } from "../../artifacts/oci-image.ts";
import { must } from "../harness/process.ts";
import { scratch } from "../harness/scratch.ts";

// This machine's bundle as the projects would publish it: files by their official URLs, images by their names.

/** Its project publishes it in an image alone. */
const PLUGIN = "flannel-cni";
/** This machine's. */
export const architecture = process.arch === "arm64" ? "arm64" : "amd64";

/** Hashes that take the place of the official ones, by name and version as in artifacts/lock.json. */
export interface OwnLock {
  files: Record<string, Record<string, Record<string, string>>>;
  images: Record<string, Record<string, string>>;
  /** Versions of files that the lock lacks in these tests. */
  unheardOf: [name: string, version: string][];
}

/** A file's hash in one version. */
export interface Release {
  version: string;
  sha256: string;
  file: PublishedFile;
}

/** A file: its official URL, its name on a mirror, and its name in the bundle; or its content, where the bundle lacks it. */
export interface PublishedFile {
  url: string;
  mirrored: string;
  built: string;
  made?: Buffer;
}

/** An image: its name and tag, and the folder with its blobs by digest, in the layout of OCI. */
export interface PublishedImage {
  repository: string;
  tag: string;
  digest: string;
  folder: string;
}

export interface Published {
  own: OwnLock;
  files: PublishedFile[];
  images: PublishedImage[];
  /** etcd in the version that goes with the cluster's, and in the one that the lock lacks. */
  etcd: { known: Release; next: Release };
  /** The image of flannel's CNI plugin, which no file holds, and the path of its program. */
  plugin: { image: PublishedImage; program: string };
}

/**
 * What hosts of every role take, from the bundle in a folder that is complete for this version, and etcd in a version that the lock
 * is to lack.
 */
export async function publishedBy(bundle: string, kubernetesVersion: string, nextEtcd: string): Promise<Published> {
  const { versions } = resolveVersions({ kubernetesVersion, versions: {} });
  const manifest = readManifest(bundle).files;
  const own: OwnLock = { files: {}, images: {}, unheardOf: [["etcd", nextEtcd]] };
  const release = (name: FileName, version: string): Release => {
    const locked = lockedFile(name, version, architecture);
    const built = [locked.builtFile, locked.file].find((file) => manifest[file] !== undefined) ?? locked.builtFile;
    const made = manifest[built] === undefined ? standIn(locked) : undefined;
    const sha256 =
      manifest[built]?.sha256 ??
      createHash("sha256")
        .update(made ?? "")
        .digest("hex");
    return { version, sha256, file: { url: locked.url, mirrored: locked.file, built, made } };
  };
  const next = release("etcd", nextEtcd);
  const files = [next.file];
  let known = next;
  for (const name of Object.keys(lock.files) as FileName[]) {
    if (name === PLUGIN) continue;
    const it = release(name, versions[lock.files[name].version]);
    own.files[name] = { [it.version]: { ...lock.files[name].sha256[it.version], [architecture]: it.sha256 } };
    files.push(it.file);
    if (name === "etcd") known = it;
  }
  const names = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "flannel", "coredns", "pause"];
  const images: PublishedImage[] = [];
  const add = (held: readonly LockedImage[], folder: string) => {
    const { manifests } = JSON.parse(readFileSync(join(folder, "index.json"), "utf8")) as {
      manifests: { digest: string; annotations: Record<string, string> }[];
    };
    for (const { name, version, reference } of held) {
      const found = manifests.find(({ annotations }) => Object.values(annotations).includes(reference));
      if (found === undefined) throw new Error(`${folder} has no ${reference}`);
      const [repository = "", tag = ""] = reference.split(/:(?=[^/]*$)/);
      own.images[name] = { [version]: found.digest };
      images.push({ repository, tag, digest: found.digest, folder });
    }
  };
  for (const [file, held] of archivesOf(
    names.map((name) => lockedImage(name, versions)),
    architecture,
  )) {
    const folder = scratch();
    await must("tar", ["-xf", join(bundle, file), "-C", folder]);
    add(held, folder);
  }
  const program = join(bundle, lockedFile(PLUGIN, versions.flannelCni, architecture).builtFile);
  const plugin = lockedImage(PLUGIN, versions);
  add([plugin], await pluginImage(plugin, program));
  return { own, files, images, etcd: { known, next }, plugin: { image: images.at(-1) as PublishedImage, program } };
}

/** A folder with the blobs of an image that holds the program alone, in the layout of OCI. */
async function pluginImage({ reference }: LockedImage, program: string): Promise<string> {
  const [folder, work] = [scratch(), scratch()];
  await mkdir(join(work, "image"), { recursive: true });
  await copyFile(program, join(work, "image/flannel"));
  const layer = await makeLayer(join(work, "image"), join(work, "layer"));
  const archive = join(work, "image.tar");
  await writeImages([{ references: [reference], layers: [layer], entrypoint: ["/flannel"] }], architecture, archive);
  await must("tar", ["-xf", archive, "-C", folder]);
  return folder;
}

/** An archive of programs that do nothing, for crictl, which nothing calls. */
function standIn({ members = [] }: LockedFile): Buffer {
  return Buffer.from(
    createTar(
      members.map((name) => ({ name, data: "#!/bin/sh\n" })),
      { attrs: { mode: "755" } },
    ),
  );
}
