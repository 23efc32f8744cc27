import { readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { addToManifest, isWhole, readManifest, sha256Of } from "./bundle-manifest.ts";
import type { BundleSource } from "./bundle-plan.ts";
import { goVersion, moduleFolder } from "./go-build.ts";
import { byMinor, root } from "./images.ts";
import { filled, found, type ImageLock, type ManifestEntry, type Versions } from "./lock.ts";
import { downloadPinned, isOnline } from "./official.ts";
import { say } from "./run-program.ts";

// Files of Kubernetes objects as projects publish them, such as the kinds that an add-on brings. The program that renders them takes
// them from a bundle on its machine: the official file, or one with the same objects from the project's Go module.

/** A published manifest in one version. */
export interface LockedManifest {
  name: string;
  version: string;
  /** Its name in a bundle. */
  file: string;
  url: string;
  /** The official file's SHA-256, or "unknown". */
  sha256: string;
  /** The kinds of those of its objects that are taken. Absent: all. */
  kinds?: readonly string[];
  /** How a bundle makes it, with the folder that pins its module. */
  build?: NonNullable<ManifestEntry["build"]> & { folder: string };
}

/** A manifest in the version that goes with a cluster's versions. Throws if the lock lacks it or the version. */
export function lockedManifest(name: string, versions: Versions, from: ImageLock): LockedManifest {
  const all = from.manifests ?? {};
  const entry = Object.hasOwn(all, name) ? all[name] : undefined;
  if (entry === undefined) throw new Error(`manifest ${name} is not in ${from.path}`);
  const version = byMinor(from, versions)[name] ?? "unknown";
  const sha256 = found(entry.sha256, `manifest ${name}`, version, from.path);
  const folder = entry.build && resolve(root, dirname(from.path), `go/${entry.build.project}-${version}`);
  return {
    ...{ name, version, sha256 },
    file: `${name}-${version}.yaml`,
    url: filled(entry.url, version),
    ...(entry.kinds && { kinds: entry.kinds }),
    ...(entry.build && folder !== undefined && { build: { ...entry.build, folder } }),
  };
}

/** Where a manifest is to be, and from where it may come. */
export interface ManifestArgs {
  /** The bundle's folder. */
  folder: string;
  source: BundleSource;
  manifest: LockedManifest;
}

/** Whether the bundle has it, whole and from where it may come. */
export async function hasManifest({ folder, source, manifest: { file } }: ManifestArgs): Promise<boolean> {
  const entry = readManifest(folder).files[file];
  const origin = entry?.origin === "built" ? "build" : "official";
  return (source === "auto" || source === origin) && (await isWhole(folder, file, entry));
}

/** Makes it. @throws Error where the official file can't be had or differs, and where nothing pins its module */
export async function makeManifest({ folder, source, manifest }: ManifestArgs): Promise<void> {
  const { build, file, name, sha256, url, version } = manifest;
  const path = join(folder, file);
  if (sha256 !== "unknown" && (source === "official" || (source === "auto" && (await isOnline())))) {
    addToManifest(folder, file, await downloadPinned(manifest, sha256, path));
    say(`downloaded ${file}`);
    return;
  }
  if (source === "official" || build === undefined)
    throw new Error(
      `the official SHA-256 of manifest ${name} ${version} (${url}) is unknown${build === undefined ? "" : ": run this with --source auto or build"}`,
    );
  const module = await moduleFolder(build.folder, build.module);
  const texts = await Promise.all((await filesOf(module.folder, build.files)).map((it) => readFile(it, "utf8")));
  await writeFile(`${path}.new`, texts.map((text) => `---\n${text.trimEnd()}\n`).join(""));
  await rename(`${path}.new`, path);
  addToManifest(folder, file, {
    ...{ sha256: await sha256Of(path), size: (await stat(path)).size, version, origin: "built" },
    from: [module.pinned],
    toolchain: await goVersion(),
  });
  say(`made ${file}`);
}

/** The named files of a module; of a folder, its .yaml files by name. */
async function filesOf(module: string, paths: readonly string[]): Promise<string[]> {
  const all = paths.map(async (path) => {
    const place = join(module, path);
    if (!(await stat(place)).isDirectory()) return [place];
    return (await readdir(place))
      .filter((name) => name.endsWith(".yaml"))
      .sort()
      .map((name) => join(place, name));
  });
  return (await Promise.all(all)).flat();
}
