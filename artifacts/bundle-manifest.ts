import { createHash } from "node:crypto";
import { createReadStream, readFileSync, renameSync, writeFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

// The manifest.json of a bundle: the version, origin and SHA-256 of each file.

/** A file of a bundle. */
export interface BundleFile {
  sha256: string;
  /** Bytes. */
  size: number;
  /** The version asked for. */
  version: string;
  /** official: the project's own file, with the hash of the lock. built: built on this machine, with its own hash. */
  origin: "official" | "built";
  /** The URL it was downloaded from, or the modules it was built from, with their hashes. */
  from: string[];
  /** The tools that built it, such as the version of Go. */
  toolchain?: string;
  /** Differences from the requested file, and their reasons. */
  notes?: string[];
  /** The BASE_REVISION of image-base.ts, for images that were built on its files. */
  baseRevision?: number;
  /** The packages that were asked for, in a file of a distribution's packages. */
  packages?: string[];
}

export interface Manifest {
  files: Record<string, BundleFile>;
}

/** The folder for files that can be made again: ha-kubernetes in XDG_CACHE_HOME, by default ~/.cache. */
export const cacheFolder = () => join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "ha-kubernetes");

/** The bundle of this machine, which the lab's hosts see. */
export const defaultBundle = () => join(cacheFolder(), "bundle");

/** The manifest of a bundle. Empty if the bundle has none yet. */
export function readManifest(folder: string): Manifest {
  try {
    const { files } = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) ?? {};
    if (typeof files !== "object" || files === null || Array.isArray(files)) throw new Error("it has no files");
    return { files };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { files: {} };
    throw new Error(`${join(folder, "manifest.json")} can't be read: ${(error as Error).message}. Remove it and run this again`);
  }
}

/** Adds the entry of a file that is already in its place. */
export function addToManifest(folder: string, name: string, entry: BundleFile): void {
  const files = { ...readManifest(folder).files, [name]: entry };
  const sorted = Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)));
  const path = join(folder, "manifest.json");
  // Synchronous and in one step: several files may be ready at the same time.
  writeFileSync(`${path}.new`, `${JSON.stringify({ files: sorted }, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}

/** Whether a file exists with the size and hash of its entry. */
export async function isWhole(folder: string, name: string, entry: BundleFile | undefined): Promise<boolean> {
  if (entry === undefined) return false;
  const path = join(folder, name);
  const found = await stat(path).catch(() => undefined);
  return found?.size === entry.size && (await sha256Of(path)) === entry.sha256;
}

/** A file's SHA-256 as hex digits. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}
