import { readFileSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Architecture } from "./lock.ts";
import type { GoBuild } from "./recipes.ts";
import { run } from "./run-program.ts";

// Builds programs from Go modules. A folder's go.mod and go.sum pin everything that goes into them; a build changes neither.

/** The installed version of Go. Throws with the cure if there is no Go. */
export async function goVersion(): Promise<string> {
  const said = await run("go", ["version"]).catch(() => {
    throw new Error(
      "Go is needed to build what can't be downloaded: install Go 1.26 or newer from https://go.dev/dl and put it on PATH",
    );
  });
  return said.trim().replace("go version ", "");
}

/** The architecture of this machine. Throws if hosts can't have it. */
export function ownArchitecture(): Architecture {
  if (process.arch === "x64") return "amd64";
  if (process.arch === "arm64") return "arm64";
  throw new Error(`architecture ${process.arch} is not supported: amd64 and arm64 are`);
}

/** The modules of a folder's programs, in the form `path@version hash`. */
export function pinnedModules({ folder, programs }: Pick<GoBuild, "folder" | "programs">): string[] {
  const sums = readFileSync(join(folder, "go.sum"), "utf8").split("\n");
  const packages = Object.values(programs);
  return sums.flatMap((line) => {
    const [module = "", version = "", hash] = line.split(" ");
    const holds = packages.some((path) => path === module || path.startsWith(`${module}/`));
    return holds && !version.endsWith("/go.mod") ? [`${module}@${version} ${hash}`] : [];
  });
}

/** Every package of a build with its module's version, by import path. Downloads the modules that are missing. */
export async function packagesOf(build: GoBuild): Promise<Map<string, string>> {
  const format = "{{.ImportPath}}{{with .Module}} {{.Version}}{{end}}";
  const said = await go(build, ["list", "-deps", ...tagsOf(build), "-f", format, ...Object.values(build.programs)]);
  return new Map(
    said
      .trim()
      .split("\n")
      .map((line) => [line.split(" ")[0] as string, line]),
  );
}

/** A module that a folder pins: its files on this machine, downloaded where they are missing, and `path@version hash`. */
export async function moduleFolder(folder: string, module: string): Promise<{ folder: string; pinned: string }> {
  const said = await run("go", ["mod", "download", "-json", module], {
    cwd: folder,
    env: { GOWORK: "off", GOFLAGS: "-mod=readonly" },
  });
  const { Dir, Version, Sum } = JSON.parse(said) as { Dir: string; Version: string; Sum: string };
  return { folder: Dir, pinned: `${module}@${Version} ${Sum}` };
}

/**
 * Builds one file per program into `target`. Calls `compiled` with the path of each package that was not in Go's cache. With `cgo` it
 * needs a C compiler. The same inputs and Go give the same bytes on every machine.
 */
export async function goBuild(build: GoBuild, target: string, compiled: (path: string) => void = () => {}): Promise<void> {
  const output = join(target, "new");
  await rm(output, { recursive: true, force: true });
  await mkdir(output, { recursive: true });
  const variables = Object.entries(build.variables).map(([name, value]) => `-X ${name}=${value}`);
  const ldflags = ["-s -w", ...variables, ...(build.cgo ? ["-linkmode external -extldflags -static"] : [])];
  const flags = ["-v", "-trimpath", "-buildvcs=false", "-ldflags", ldflags.join(" "), ...tagsOf(build)];
  await go(build, ["build", ...flags, "-o", `${output}/`, ...Object.values(build.programs)], compiled);
  // Go names each program after its package, without the major version.
  for (const [name, path] of Object.entries(build.programs))
    await rename(join(output, basename(path.replace(/\/v\d+$/, ""))), join(target, name));
}

/** Builds a program of this repository: a single file that imports the standard library alone. */
export async function goBuildFile(file: string, target: string): Promise<void> {
  await run("go", ["build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", target, file], {
    env: { CGO_ENABLED: "0", GOWORK: "off" },
  });
}

const tagsOf = ({ tags }: GoBuild) => (tags === undefined ? [] : ["-tags", tags.join(",")]);

const go = ({ folder, cgo }: GoBuild, args: readonly string[], onLine?: (line: string) => void) =>
  run("go", args, { cwd: folder, env: { CGO_ENABLED: cgo ? "1" : "0", GOWORK: "off", GOFLAGS: "-mod=readonly" }, onLine });
