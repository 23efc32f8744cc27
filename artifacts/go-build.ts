import { chmod, copyFile, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Architecture } from "./lock.ts";
import { type GoBuild, KUBERNETES } from "./recipes.ts";
import { run } from "./run-program.ts";

// Builds programs from Go modules. All imports have the versions that the project itself chose.

interface GoModule {
  Require: { Path: string; Version: string }[] | null;
  Replace: { Old: { Path: string; Version?: string }; New: { Path: string; Version?: string } }[];
}

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

/** Builds one file per program into `folder`. With `cgo` it needs a C compiler. The same inputs and Go give the same bytes on every machine. */
export async function goBuild(build: GoBuild, folder: string): Promise<void> {
  const { programs } = build;
  const source = await download(build);
  const modfile = await ownGoMod(build, source, folder);
  const names = Object.keys(programs);
  const output = join(folder, "new");
  await rm(output, { recursive: true, force: true });
  await mkdir(output, { recursive: true });
  const variables = Object.entries(build.variables).map(([name, value]) => `-X ${name}=${value}`);
  const ldflags = ["-s -w", ...variables, ...(build.cgo ? ["-linkmode external -extldflags -static"] : [])];
  const flags = [`-modfile=${modfile}`, "-trimpath", "-buildvcs=false", "-ldflags", ldflags.join(" ")];
  if (build.tags !== undefined) flags.push("-tags", build.tags.join(","));
  // With a folder as target, Go names each program after its package. A single program may have another name.
  const target = names.length === 1 ? join(output, names[0] as string) : `${output}/`;
  await run("go", ["build", ...flags, "-o", target, ...Object.values(programs)], {
    cwd: source,
    env: { CGO_ENABLED: build.cgo ? "1" : "0", GOWORK: "off", GOFLAGS: "-mod=mod" },
  });
  for (const name of names) await rename(join(output, name), join(folder, name));
}

/** Builds a program of this repository: a single file that imports the standard library alone. */
export async function goBuildFile(file: string, target: string): Promise<void> {
  await run("go", ["build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", target, file], {
    env: { CGO_ENABLED: "0", GOWORK: "off" },
  });
}

/** Downloads a module. Go checks it against its checksum database if it can; this function always checks it against the lock. */
async function download({ module, version, hash }: GoBuild): Promise<string> {
  const name = `${module}@v${version}`;
  const { Dir, Sum } = JSON.parse(await run("go", ["mod", "download", "-json", name])) as { Dir: string; Sum: string };
  if (Sum !== hash) throw new Error(`module ${name} is not the one of the lock: expected ${hash}, found ${Sum}`);
  return Dir;
}

/**
 * The module's own go.mod and go.sum, so that every import has the version and the hash that the project chose. Replacements by folders
 * of the project's repository are the exception, because a module lacks them: modules of the same release stand in.
 */
async function ownGoMod({ module, version, requires, replaces }: GoBuild, source: string, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, "go.mod");
  for (const file of ["go.mod", "go.sum"]) {
    await rm(join(folder, file), { force: true });
    await copyFile(join(source, file), join(folder, file));
    await chmod(join(folder, file), 0o644);
  }
  const { Replace, Require } = JSON.parse(await run("go", ["mod", "edit", "-json", path])) as GoModule;
  const edits = (Replace ?? [])
    .filter((it) => it.New.Version === undefined)
    .map(({ Old }) => `-dropreplace=${Old.Path}${Old.Version ? `@${Old.Version}` : ""}`);
  if (module === KUBERNETES) {
    const staging = (Require ?? []).filter((it) => it.Version === "v0.0.0");
    edits.push(...staging.map((it) => `-require=${it.Path}@v${version.replace(/^1\./, "0.")}`));
  }
  edits.push(...Object.entries(requires ?? {}).map(([other, v]) => `-require=${other}@v${v}`));
  edits.push(...Object.entries(replaces ?? {}).map(([other, v]) => `-replace=${other}=${other}@v${v}`));
  if (edits.length > 0) await run("go", ["mod", "edit", ...edits, path]);
  return path;
}
