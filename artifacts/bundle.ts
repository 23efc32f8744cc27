import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Builder } from "./builder.ts";
import { addToManifest, type BundleFile, isWhole, readManifest } from "./bundle-manifest.ts";
import { type BundleSource, builtName, originOf, refuseUnknown, type Wanted } from "./bundle-plan.ts";
import { BASE_REVISION, standsOnBase } from "./image-base.ts";
import type { Architecture } from "./lock.ts";
import { downloadOfficial, isOnline, officialSize } from "./official.ts";
import { pullImages } from "./registry-images.ts";
import { needPackages, say } from "./run-program.ts";

// Fills a folder with the files that hosts take. Each file is made beside its place, moved there whole, then noted in the manifest:
// after a run that was killed at any point, the next one continues.

export interface BundleArgs {
  folder: string;
  architecture: Architecture;
  source: BundleSource;
  wanted: readonly Wanted[];
}

/** The files that do not exist, differ from the manifest, or have an origin that the source excludes. */
export async function missingFiles({ folder, source, wanted }: BundleArgs): Promise<Wanted[]> {
  const { files } = readManifest(folder);
  const missing: Wanted[] = [];
  for (const item of wanted) {
    const name = acceptableName(files, source, item);
    if (name === undefined || !(await isWhole(folder, name, files[name]))) missing.push(item);
  }
  return missing;
}

/** The SHA-256 of each wanted file by its name. All files must exist. */
export function hashesOf({ folder, source, wanted }: BundleArgs): Record<string, string> {
  const { files } = readManifest(folder);
  const names = wanted.map((item) => acceptableName(files, source, item) as string);
  return Object.fromEntries(names.map((name) => [name, (files[name] as BundleFile).sha256]));
}

/** Makes the missing files. Throws at the first file that can't be made; the others stay. */
export async function fillBundle(args: BundleArgs): Promise<void> {
  const { folder, architecture, source, wanted } = args;
  await mkdir(folder, { recursive: true });
  const missing = await missingFiles(args);
  say(`bundle ${folder}: ${wanted.length - missing.length} of ${wanted.length} files are there`);
  const note = (file: string, entry: BundleFile) => {
    addToManifest(folder, file, entry);
    say(`${entry.origin === "official" ? "downloaded" : "made"} ${file}, ${Math.ceil(entry.size / 1e6)} MB`);
  };
  const online = missing.length > 0 && source === "auto" ? await isOnline() : source === "official";
  refuseUnknown(missing.flatMap((item) => ("images" in item && item.pulled ? item.images : [])));
  const origins = missing.map((item) => originOf(item, source, online));
  const official = missing.filter((_, index) => origins[index] === "official");
  const built = missing.filter((_, index) => origins[index] === "built");
  if (official.length > 0) {
    const bytes = await officialSize(official.flatMap((item) => ("locked" in item ? [item.locked] : [])));
    if (official.some((item) => "images" in item)) await needPackages("images from registries", ["skopeo"]);
    say(`to be downloaded: ${official.length} of them${bytes > 0 ? `, at least ${Math.ceil(bytes / 1e6)} MB` : ""}`);
  }
  await Promise.all(
    official.map(async (item) => {
      if ("locked" in item) note(item.file, await downloadOfficial(item.locked, join(folder, item.file)));
      else note(item.file, await pullImages(item.images, architecture, join(folder, item.file)));
    }),
  );
  if (built.length > 0) await new Builder(folder, architecture, note).make(built);
}

/**
 * The name under which a bundle holds a file. Undefined if the bundle lacks the file, has it from an origin that `source` excludes, or
 * has an image on older base files than those of today.
 */
function acceptableName(files: Readonly<Record<string, BundleFile>>, source: BundleSource, item: Wanted): string | undefined {
  const officialName = item.file;
  const acceptable = (name: string) => {
    const entry = files[name];
    if (entry?.origin === "built" && "images" in item && item.pulled) return false;
    if (entry === undefined || (source !== "auto" && source !== (entry.origin === "built" ? "build" : "official"))) return false;
    if (entry.origin === "official") return name === officialName;
    return name === builtName(item) && (!standsOnBase(item) || entry.baseRevision === BASE_REVISION);
  };
  return [builtName(item), officialName].find(acceptable);
}
