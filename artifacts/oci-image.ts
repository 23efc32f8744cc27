import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { copyFile, mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress } from "node:zlib";
import { sha256Of } from "./bundle-manifest.ts";
import type { Architecture } from "./lock.ts";
import { run } from "./run-program.ts";

// Archives of container images in the OCI image layout (opencontainers/image-spec), which containerd imports as they are.
// zstd compresses the layers: hosts hash, write and read a third of the bytes, and import an image in half the time of plain layers
// (measured with 274 MB on two processors: 1.4 s instead of 3.2 s).

/** A tar of files. Several images may share one. */
export interface Layer {
  path: string;
  /** Digest of the compressed file. */
  digest: string;
  /** Size of the compressed file in bytes. */
  size: number;
  /** Digest of the plain tar. */
  diffId: string;
}

/** An image of a static program, and its entrypoint. */
export interface Image {
  /** Full names with tags. Each of them refers to this image. */
  references: readonly string[];
  layers: readonly Layer[];
  entrypoint: readonly string[];
}

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  annotations?: Record<string, string>;
}

/** Makes a layer from the files of a folder. The same files give the same bytes. */
export async function makeLayer(folder: string, path: string): Promise<Layer> {
  const plain = `${path}.plain`;
  await makeTar(folder, plain);
  const diffId = `sha256:${await sha256Of(plain)}`;
  const zstd = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3 } });
  await pipeline(createReadStream(plain, { highWaterMark: 1 << 20 }), zstd, createWriteStream(path));
  await rm(plain);
  return { path, digest: `sha256:${await sha256Of(path)}`, size: (await stat(path)).size, diffId };
}

/** A tar of a folder that depends on names, modes and content alone. */
export async function makeTar(folder: string, path: string): Promise<void> {
  const same = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--mode=u+rw,go+r-w", "--format=gnu"];
  await run("tar", [...same, "-cf", path, "-C", folder, "."]);
}

/** Writes one archive of all images, through a folder beside it. */
export async function writeImages(images: readonly Image[], architecture: Architecture, path: string): Promise<void> {
  const folder = `${path}.layout`;
  const blobs = join(folder, "blobs/sha256");
  await rm(folder, { recursive: true, force: true });
  await mkdir(blobs, { recursive: true });
  const manifests: Descriptor[] = [];
  for (const image of images) {
    for (const layer of image.layers) await copyFile(layer.path, join(blobs, layer.digest.slice("sha256:".length)));
    const config = await addBlob(blobs, "application/vnd.oci.image.config.v1+json", configuration(image, architecture));
    const layers = image.layers.map(({ digest, size }) => ({
      mediaType: "application/vnd.oci.image.layer.v1.tar+zstd",
      digest,
      size,
    }));
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    const manifest = await addBlob(blobs, mediaType, { schemaVersion: 2, mediaType, config, layers });
    for (const reference of image.references) {
      // containerd reads the first one, other tools the second.
      const annotations = { "io.containerd.image.name": reference, "org.opencontainers.image.ref.name": reference };
      manifests.push({ ...manifest, annotations });
    }
  }
  const mediaType = "application/vnd.oci.image.index.v1+json";
  await writeFile(join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
  await writeFile(join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  await makeTar(folder, `${path}.new`);
  await rename(`${path}.new`, path);
  await rm(folder, { recursive: true, force: true });
}

function configuration({ layers, entrypoint }: Image, architecture: Architecture) {
  return {
    architecture,
    os: "linux",
    config: {
      Entrypoint: entrypoint,
      Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
      WorkingDir: "/",
    },
    rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.diffId) },
  };
}

async function addBlob(blobs: string, mediaType: string, value: unknown): Promise<Descriptor> {
  const content = JSON.stringify(value);
  const hash = createHash("sha256").update(content).digest("hex");
  await writeFile(join(blobs, hash), content);
  return { mediaType, digest: `sha256:${hash}`, size: Buffer.byteLength(content) };
}
