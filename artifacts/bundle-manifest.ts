import { createHash } from "node:crypto";
import { createReadStream, readFileSync, renameSync, writeFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

// A bundle's manifest.json: what each of its files is, where it is from and what its SHA-256 is.

/** A file of a bundle. */
export interface BundleFile {
  sha256: string;
  /** Bytes. */
  size: number;
  /** The version asked for. */
  version: string;
  /** official: the project's own file, its hash that of the lock. built: made here, with a hash of its own. */
  origin: "official" | "built";
  /** The URL it was downloaded from, or the modules it was built from, with their hashes. */
  from: string[];
  /** What it was built with, such as the version of Go. */
  toolchain?: string;
  /** What is other than asked for, and why. */
  notes?: string[];
  /** Of images that were built here on the files of base.ts: their BASE_REVISION. */
  baseRevision?: number;
}

export interface Manifest {
  files: Record<string, BundleFile>;
}

/** Where this program keeps what can be made again: ha-kubernetes in XDG_CACHE_HOME, by default ~/.cache. */
export const cacheFolder = () => join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "ha-kubernetes");

/** The bundle of this machine, which the lab's hosts see. */
export const defaultBundle = () => join(cacheFolder(), "bundle");

/** A bundle's manifest; an empty one where there is none yet. */
export function readManifest(folder: string): Manifest {
  try {
    return JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as Manifest;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { files: {} };
    throw new Error(`${join(folder, "manifest.json")} can't be read: ${(error as Error).message}. Remove it and run this again`);
  }
}

/** Adds a file's entry. The file itself is in place by then. */
export function addToManifest(folder: string, name: string, entry: BundleFile): void {
  const files = { ...readManifest(folder).files, [name]: entry };
  const sorted = Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)));
  const path = join(folder, "manifest.json");
  // At once, in one step: several files may be ready at the same time.
  writeFileSync(`${path}.new`, `${JSON.stringify({ files: sorted }, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}

/** Whether a file is there as its entry says, every byte of it. */
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
