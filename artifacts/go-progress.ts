// How far builds from Go modules are. Go compiles each package of a version once and keeps it, so packages tell what remains.

/** The packages of one build, by import path; builds share those of the same name. */
type Packages = ReadonlyMap<string, string>;

/** Counts the packages of several builds. */
export class GoProgress {
  readonly #builds: ReadonlyMap<string, Packages>;
  readonly #left: Set<string>;
  readonly #all: number;
  readonly #started = Date.now();

  constructor(builds: ReadonlyMap<string, Packages>) {
    this.#builds = builds;
    this.#left = new Set([...builds.values()].flatMap((packages) => [...packages.values()]));
    this.#all = this.#left.size;
  }

  /** Go compiled this package for a build. */
  compiled(build: string, path: string): void {
    this.#left.delete(this.#builds.get(build)?.get(path) ?? "");
  }

  /** A build ended: it found all its other packages in Go's cache. */
  ended(build: string): void {
    for (const name of this.#builds.get(build)?.values() ?? []) this.#left.delete(name);
  }

  /** Such as `1200 of 4700 packages, about 4 min left`. */
  toString(): string {
    return progress(this.#all - this.#left.size, this.#all, (Date.now() - this.#started) / 1000);
  }
}

/** How many packages are done, and how long the others take at the same pace. Says nothing of time before a twentieth is done. */
export function progress(done: number, all: number, seconds: number): string {
  const minutes = Math.ceil(((all - done) * seconds) / done / 60);
  return `${done} of ${all} packages${done * 20 < all ? "" : `, about ${minutes} min left`}`;
}
