import { copyFile, mkdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BundleFile, cacheFolder, sha256Of } from "./bundle-manifest.ts";
import { builtName, type Wanted } from "./bundle-plan.ts";
import { goBuild, goBuildFile, goVersion, ownArchitecture, packagesOf, pinnedModules } from "./go-build.ts";
import { GoProgress } from "./go-progress.ts";
import { BASE_REVISION, makeBase, standsOnBase } from "./image-base.ts";
import type { LockedImage } from "./images.ts";
import type { Architecture, ImageBuild, LockedFile } from "./lock.ts";
import { type Image, type Layer, makeLayer, makeTar, writeImages } from "./oci-image.ts";
import { buildOfFile, buildsOfImages, entrypointOf, type GoBuild, merged } from "./recipes.ts";
import { needPackages, say } from "./run-program.ts";

/** Milliseconds between two lines of progress. */
const PACE = 15_000;

/** Builds the files of a bundle from source code, in a work folder of the cache. Compiled packages stay in Go's own cache. */
export class Builder {
  readonly #folder: string;
  readonly #architecture: Architecture;
  readonly #done: (file: string, entry: BundleFile) => void;
  readonly #work = join(cacheFolder(), "build");
  #toolchain = "";
  #base: Promise<{ layer: Layer; packages: string[] }> | undefined;

  constructor(folder: string, architecture: Architecture, done: (file: string, entry: BundleFile) => void) {
    this.#folder = folder;
    this.#architecture = architecture;
    this.#done = done;
  }

  /** Builds all files and calls `done` for each. Throws at the first one that fails. */
  async make(wanted: readonly Wanted[]): Promise<void> {
    if (this.#architecture !== ownArchitecture()) {
      throw new Error(
        `files for ${this.#architecture} can be built on a machine of that architecture only: this one is ${ownArchitecture()}`,
      );
    }
    this.#toolchain = await goVersion();
    // A killed run may have left files.
    await rm(this.#work, { recursive: true, force: true });
    const builds = merged(wanted.flatMap(buildsOf));
    if (builds.some((build) => build.cgo)) {
      await needPackages("building runc and flannel", ["gcc", "libc6-dev", "libseccomp-dev", "pkg-config"]);
    }
    say(`fetching the Go modules of ${builds.length} builds`);
    const packages = new Map(await Promise.all(builds.map(async (it) => [keyOf(it), await packagesOf(it)] as const)));
    const progress = new GoProgress(packages);
    const ready = new Map(builds.map((build) => [keyOf(build), Promise.withResolvers<void>()]));
    const waiting = builds.values();
    const buildOneByOne = async () => {
      for (const build of waiting) {
        const key = keyOf(build);
        await goBuild(build, this.#folderOf(build), (path) => progress.compiled(key, path));
        progress.ended(key);
        ready.get(key)?.resolve();
      }
    };
    let made = 0;
    const packed = wanted.map(async (item) => {
      await Promise.all(buildsOf(item).map((build) => ready.get(keyOf(build))?.promise));
      await this.#pack(item);
      made++;
    });
    const timer = setInterval(() => say(`${made} of ${wanted.length} files, ${progress}`), PACE);
    try {
      // Two at once: while one links, which keeps a single processor busy, the other compiles.
      await Promise.all([buildOneByOne(), buildOneByOne(), ...packed]);
    } finally {
      clearInterval(timer);
    }
    await rm(this.#work, { recursive: true, force: true });
  }

  async #pack(item: Wanted): Promise<void> {
    const builds = buildsOf(item);
    const programs = new Map(
      builds.flatMap((it) => Object.keys(it.programs).map((name) => [name, join(this.#folderOf(it), name)])),
    );
    const name = builtName(item);
    const path = join(this.#folder, name);
    const made =
      "locked" in item ? await this.#packFile(item.locked, programs, path) : await this.#packImages(item.images, programs, path);
    const notes = [...builds.flatMap((build) => build.note ?? []), ...made];
    const { size } = await stat(path);
    this.#done(name, {
      sha256: await sha256Of(path),
      size,
      version: item.version,
      origin: "built",
      from: builds.flatMap(pinnedModules),
      toolchain: this.#toolchain,
      ...(notes.length > 0 ? { notes } : {}),
      ...(standsOnBase(item) ? { baseRevision: BASE_REVISION } : {}),
    });
  }

  async #packFile(locked: LockedFile, programs: ReadonlyMap<string, string>, path: string): Promise<string[]> {
    if (locked.members === undefined) {
      await copyFile([...programs.values()][0] as string, `${path}.new`);
    } else {
      const folder = join(this.#work, basename(path));
      await mkdir(folder, { recursive: true });
      for (const [name, from] of programs) await copyFile(from, join(folder, name));
      await makeTar(folder, `${path}.new`);
    }
    await rename(`${path}.new`, path);
    return [];
  }

  /** Returns notes for the manifest. */
  async #packImages(locked: readonly LockedImage[], programs: ReadonlyMap<string, string>, path: string): Promise<string[]> {
    const images: Image[] = [];
    const base = locked.some(({ build }) => build?.base) ? await this.#baseLayer() : undefined;
    for (const { name, version, reference, build = {} as ImageBuild } of locked) {
      const target = entrypointOf(name, build);
      const folder = join(this.#work, `image-${name}-${version}`);
      await mkdir(join(folder, dirname(target)), { recursive: true });
      if (build.file === undefined) await copyFile(programs.get(basename(target)) as string, join(folder, target));
      else await goBuildFile(fileURLToPath(new URL(build.file, import.meta.url)), join(folder, target));
      const layer = await makeLayer(folder, `${folder}.layer`);
      const layers = base === undefined ? [layer] : [base.layer, layer];
      images.push({ references: [reference], layers, entrypoint: [target] });
    }
    await writeImages(images, this.#architecture, path);
    return base === undefined ? [] : [`holds ${base.packages.join(", ")}`];
  }

  /** Built once for all images that stand on it. */
  #baseLayer(): Promise<{ layer: Layer; packages: string[] }> {
    this.#base ??= (async () => {
      const folder = join(this.#work, "base");
      const packages = await makeBase(folder, this.#architecture);
      return { layer: await makeLayer(folder, `${folder}.layer`), packages };
    })();
    return this.#base;
  }

  #folderOf(build: GoBuild): string {
    return join(this.#work, keyOf(build));
  }
}

const buildsOf = (item: Wanted): GoBuild[] =>
  "locked" in item ? [buildOfFile(item.locked.name, item.version)] : buildsOfImages(item.images);

const keyOf = ({ folder }: GoBuild) => basename(folder);
