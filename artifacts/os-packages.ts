import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { allPackages, type Distribution, packagesFile } from "../config/packages.ts";
import { type Archive, archives, sourcesList } from "./archives.ts";
import { addToManifest, isWhole, readManifest, sha256Of } from "./bundle-manifest.ts";
import type { Architecture } from "./lock.ts";
import { reasonOf, run, say } from "./run-program.ts";

// The packages of a distribution that hosts need, with everything that these need in turn: one tar with the packages and an index of
// them, from which apt installs on a host without a network. apt fetches them from the distribution's own archive, in a folder of
// its own: it checks the signed index, and nothing of this machine's own packages is read or changed.

/** One distribution's packages in a bundle. */
export interface PackagesArgs {
  /** The bundle's folder. */
  folder: string;
  distribution: Distribution;
  architecture: Architecture;
}

/** Whether the bundle has the packages that hosts need today, whole. */
export async function hasPackages({ folder, distribution, architecture }: PackagesArgs): Promise<boolean> {
  const file = packagesFile(distribution, architecture);
  const entry = readManifest(folder).files[file];
  return String(entry?.packages) === String(allPackages) && (await isWhole(folder, file, entry));
}

/** The SHA-256 of each file of packages by its name. All files must exist. */
export const packageHashes = (all: readonly PackagesArgs[]): Record<string, string> =>
  Object.fromEntries(
    all.map(({ folder, distribution, architecture }) => {
      const file = packagesFile(distribution, architecture);
      return [file, readManifest(folder).files[file]?.sha256 ?? ""];
    }),
  );

/**
 * Makes the file with a distribution's packages. What apt has fetched stays until the file is whole, so that a run after one that was
 * killed fetches only the rest.
 *
 * @throws Error where this machine has no apt, where the archive can't be reached, or where its signature is wrong
 */
export async function makePackages(args: PackagesArgs, archive: Archive = archives[args.distribution]): Promise<void> {
  const { folder, distribution, architecture } = args;
  const file = packagesFile(distribution, architecture);
  const place = join(folder, `.${file}`);
  const { apt, debs } = await privateApt(place, architecture);
  await writeFile(join(place, "sources.list"), sourcesList(archive, architecture, await keyringOf(archive, architecture, place)));
  say(`${distribution}: reading the index of ${archive.url[architecture]}`);
  await apt("update", "-o", "APT::Update::Error-Mode=any");
  const install = ["install", "-y", "--no-install-recommends", ...allPackages];
  const uris = sizesOf(await apt("--print-uris", ...install));
  say(`${distribution}: ${uris.count} packages are to be fetched, ${megabytes(uris.bytes)} MB`);
  await apt("--download-only", ...install);
  const names = await packPackages(debs, join(place, file));
  await rename(join(place, file), join(folder, file));
  const { size } = await stat(join(folder, file));
  addToManifest(folder, file, {
    sha256: await sha256Of(join(folder, file)),
    size,
    version: distribution,
    origin: "official",
    from: [archive.url[architecture], archive.security.url[architecture]],
    packages: [...allPackages],
    notes: names.map((name) =>
      name
        .replace(/_[^_]*\.deb$/, "")
        .replace("_", " ")
        .replace(epoch.written, ":"),
    ),
  });
  await rm(place, { recursive: true, force: true });
  say(`made ${file}, ${names.length} packages, ${megabytes(size)} MB`);
}

/** Writes a tar with the packages of a folder and an index of them. @returns The packages' files, sorted. */
export async function packPackages(debs: string, tar: string): Promise<string[]> {
  const names = (await readdir(debs)).filter((name) => name.endsWith(".deb")).sort();
  await writeFile(join(debs, "Packages"), await indexOf(debs, names));
  await run("tar", [...reproducible, `--transform=${epoch.transform}`, "-C", debs, "-cf", tar, "Packages", ...names]);
  return names;
}

const megabytes = (bytes: number) => Math.ceil(bytes / 1e6);

/** A colon that apt writes as %3a in the name of a file would be read as a colon when the file is fetched from a folder. */
const epoch = { written: "%3a", transform: "s/%3a/-/" };

const reproducible = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--mode=u=rw,go=r"];

/** How many files apt would fetch, and their bytes: from lines `'URI' NAME BYTES HASH`. */
export function sizesOf(uris: string): { count: number; bytes: number } {
  const sizes = [...uris.matchAll(/^'\S+' \S+ (\d+) \S*$/gm)].map(([, bytes]) => Number(bytes));
  return { count: sizes.length, bytes: sizes.reduce((sum, bytes) => sum + bytes, 0) };
}

/** apt with its own lists, cache and sources, for a machine without any package: so everything that is needed is named. */
async function privateApt(place: string, architecture: Architecture) {
  const debs = join(place, "cache/archives");
  for (const name of ["lists/partial", "cache/archives/partial", "etc/preferences.d"])
    await mkdir(join(place, name), { recursive: true });
  await writeFile(join(place, "status"), "");
  const settings = {
    Dir: place,
    "Dir::State": place,
    "Dir::State::lists": join(place, "lists"),
    "Dir::State::status": join(place, "status"),
    "Dir::Cache": join(place, "cache"),
    "Dir::Etc": join(place, "etc"),
    "Dir::Etc::sourcelist": join(place, "sources.list"),
    "Dir::Etc::sourceparts": "/dev/null",
    "APT::Architecture": architecture,
    "APT::Architectures": architecture,
    "APT::Sandbox::User": "root",
    // Another one that runs on this machine is of no concern.
    "Debug::NoLocking": "true",
    "Acquire::Languages": "none",
    // What some distributions' own settings add.
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
    "Acquire::IndexTargets::deb::CNF::DefaultEnabled": "false",
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  const apt = (...args: string[]) => run("apt-get", ["-q", ...options, ...args], { env: { LC_ALL: "C" } });
  return { apt, debs };
}

/** The file with the archive's keys: this machine's own, or that of the package in the archive, whose hash is known. */
async function keyringOf({ url, keyring }: Archive, architecture: Architecture, place: string): Promise<string> {
  if (existsSync(keyring.file)) return keyring.file;
  const from = `${url[architecture]}/${keyring.path}`;
  const failed = (error: Error) => {
    throw new Error(`${from} can't be reached: ${reasonOf(error)}`);
  };
  const response = await fetch(from).catch(failed);
  if (!response.ok) throw new Error(`${from} can't be downloaded: HTTP status ${response.status}`);
  const content = Buffer.from(await response.arrayBuffer().catch(failed));
  const found = createHash("sha256").update(content).digest("hex");
  if (found !== keyring.sha256)
    throw new Error(`${from} is not the keyring of artifacts/archives.ts: expected SHA-256 ${keyring.sha256}, found ${found}`);
  const deb = join(place, "keyring.deb");
  await writeFile(deb, content);
  await run("dpkg-deb", ["-x", deb, join(place, "keyring")]);
  return join(place, "keyring", keyring.file);
}

/** apt's index of packages in a folder: each one's own control fields, its file, size and SHA-256. */
async function indexOf(folder: string, names: readonly string[]): Promise<string> {
  const entries: string[] = [];
  for (const name of names) {
    const control = (await run("dpkg-deb", ["-f", join(folder, name)])).trimEnd();
    const content = await readFile(join(folder, name));
    const sha256 = createHash("sha256").update(content).digest("hex");
    entries.push(`${control}\nFilename: ./${name.replace(epoch.written, "-")}\nSize: ${content.length}\nSHA256: ${sha256}\n`);
  }
  return entries.join("\n");
}
