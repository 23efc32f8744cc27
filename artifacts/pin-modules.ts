import { rmSync } from "node:fs";
import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compareVersions } from "../config/versions.ts";
import { endOnSignals, run, say } from "./run-program.ts";

// Makes the folder that pins what a program is built from: the versions that the project itself chose, with the hash of every module.

const own = new URL("go", import.meta.url).pathname;

const help = (projects: readonly string[]) => `npm run pin -- PROJECT VERSION [--in FOLDER]

Pins the Go modules of a project's version, so that npm run bundle can build it: writes FOLDER/PROJECT-VERSION with a go.mod and a
go.sum, in the manner of the project's newest folder there. FOLDER is artifacts/go by default. Go checks every module against its checksum database.

  PROJECT  ${projects.join(", ")}
`;

interface GoMod {
  Go: string;
  Tool: { Path: string }[];
  Require: { Path: string; Version: string }[];
  Replace: { Old: { Path: string }; New: { Path: string; Version?: string } }[] | null;
  Godebug: { Key: string; Value: string }[] | null;
}

const read = async (path: string) => JSON.parse(await run("go", ["mod", "edit", "-json", path])) as GoMod;

/** The go.mod of a version before Go completes it: as the last one of the project, with the replacements of the version's own go.mod. */
async function goMod(project: string, version: string, last: GoMod): Promise<string> {
  const tools = last.Tool.map(({ Path }) => Path);
  const owner = (tool: string) =>
    last.Require.map(({ Path }) => Path)
      .filter((path) => tool === path || tool.startsWith(`${path}/`))
      .sort((a, b) => b.length - a.length)[0] as string;
  const modules = [...new Set(tools.map(owner))];
  const name = `${modules[0]}@v${moduleVersion(modules[0], version)}`;
  const { GoMod: path } = JSON.parse(await run("go", ["mod", "download", "-json", name], { cwd: tmpdir() })) as { GoMod: string };
  const own = await read(path);
  // A module lacks the other folders of its repository. Where these are modules, those of the same release stand in: of Kubernetes by this
  // rule, of others as their own go.mod requires them.
  const parts = own.Require.filter(({ Version }) => Version === "v0.0.0").map(({ Path }) => [
    Path,
    Path,
    `v0.${version.slice(2)}`,
  ]);
  const kept = [...(own.Replace ?? []), ...(last.Replace ?? [])].flatMap(({ Old, New }) =>
    New.Version === undefined || parts.some(([module]) => module === Old.Path) ? [] : [[Old.Path, New.Path, New.Version]],
  );
  const replaced = new Map(
    [...kept, ...parts, ...standIns(last).map((path) => [path.module, path.folder])].map(([old, ...by]) => [old, by.join(" ")]),
  );
  return [
    `module ha-kubernetes/${project}`,
    `go ${own.Go}`,
    ...(own.Godebug ?? []).map(({ Key, Value }) => `godebug ${Key}=${Value}`),
    block("tool", tools),
    block(
      "require",
      modules.map((module) => `${module} v${moduleVersion(module, version)}`),
    ),
    block(
      "replace",
      [...replaced].map(([old, by]) => `${old} => ${by}`),
    ),
  ].join("\n\n");
}

/** Prometheus tags its module apart: 3.14.0 is v0.314.0 there (its RELEASE.md). */
const moduleVersion = (module: string | undefined, version: string) =>
  module === "github.com/prometheus/prometheus"
    ? version.replace(/^(\d+)\.(\d+)/, (_, major, minor) => `0.${Number(major) * 100 + Number(minor)}`)
    : version;
/** Modules of this repository that stand in for others, beside the go.mod: a path with a point at its start. */
const standIns = ({ Replace }: GoMod) =>
  (Replace ?? []).flatMap(({ Old, New }) =>
    New.Version === undefined && New.Path.startsWith("./") ? [{ module: Old.Path, folder: New.Path }] : [],
  );

const block = (word: string, lines: readonly string[]) => `${word} (\n${lines.map((line) => `\t${line}\n`).join("")})\n`;

const folderName = /-\d+\.\d+\.\d+$/;

async function main(): Promise<void> {
  const options = { in: { type: "string", default: own }, help: { type: "boolean" } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const pinned = (await readdir(values.in)).filter((name) => folderName.test(name));
  const projects = [...new Set(pinned.map((name) => name.replace(folderName, "")))].sort();
  const [named = "", versionText = ""] = positionals;
  if (values.help || positionals.length !== 2) {
    process.stdout.write(help(projects));
    process.exitCode = values.help ? 0 : 1;
    return;
  }
  // The config's names of parts do as well: cniPlugins for cni-plugins.
  const project = named.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const version = versionText.replace(/^v(?=\d)/, "");
  if (!projects.includes(project))
    throw new Error(`${values.in} has no folder of ${named} to go by; it has those of ${projects.join(", ")}`);
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`${versionText} is not a version such as 1.36.5`);
  const versions = pinned
    .filter((name) => name.replace(folderName, "") === project)
    .map((name) => name.slice(project.length + 1));
  versions.sort(compareVersions);
  const lastFolder = join(values.in, `${project}-${versions.at(-1)}`);
  const last = await read(join(lastFolder, "go.mod"));
  // Beside its place, which it takes whole.
  const work = await mkdtemp(join(values.in, ".new-"));
  const place = join(values.in, `${project}-${version}`);
  // Also where a signal ends this.
  process.on("exit", () => rmSync(work, { recursive: true, force: true }));
  await writeFile(join(work, "go.mod"), await goMod(project, version, last));
  for (const { folder } of standIns(last)) await cp(join(lastFolder, folder), join(work, folder), { recursive: true });
  await run("go", ["mod", "tidy"], { cwd: work, env: { GOWORK: "off", GOFLAGS: "-mod=mod" } });
  await rm(place, { recursive: true, force: true });
  await rename(work, place);
  const lines =
    (await readFile(join(place, "go.sum"), "utf8")).split("\n").filter((line) => !line.includes("/go.mod ")).length - 1;
  say(`pinned ${project} ${version}: ${lines} modules`);
}

endOnSignals();
try {
  await main();
} catch (error) {
  say(`ERROR: ${(error as Error).message}`);
  process.exitCode = 1;
}
