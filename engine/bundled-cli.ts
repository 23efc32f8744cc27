import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { addToManifest, isWhole, readManifest, sha256Of } from "../artifacts/bundle-manifest.ts";

// The Pulumi CLI in a bundle, for a machine without a network. It is one program: this project serves the language host and the
// providers of `command`, `tls` and `random` itself.

const architecture = process.arch === "arm64" ? "arm64" : "amd64";
const pattern = new RegExp(`^pulumi-(\\d+\\.\\d+\\.\\d+\\S*)-linux-${architecture}\\.tar$`);

/** Puts a CLI of this machine into a bundle's folder. @returns The file's name. */
export async function bundleCli(folder: string, cli: { path: string; version: string }): Promise<string> {
  const name = `pulumi-${cli.version}-linux-${architecture}.tar`;
  if (await isWhole(folder, name, readManifest(folder).files[name])) return name;
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, ".pulumi-"));
  try {
    copyFileSync(cli.path, join(work, "pulumi"));
    chmodSync(join(work, "pulumi"), 0o755);
    const options = ["--owner=0", "--group=0", "--numeric-owner", "--mtime=@0"];
    execFileSync("tar", [...options, "-cf", join(work, name), "-C", work, "pulumi"]);
    renameSync(join(work, name), join(folder, name));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  const path = join(folder, name);
  const found = { sha256: await sha256Of(path), size: statSync(path).size };
  addToManifest(folder, name, { ...found, version: cli.version, origin: "built", from: [basename(dirname(cli.path))] });
  return name;
}

/**
 * Unpacks the newest CLI of a bundle into the cache. A bundle without one changes nothing.
 *
 * @throws Error if the file is not as the bundle's manifest says
 */
export async function unbundle(folder: string, cache: string, say: (line: string) => void): Promise<void> {
  const { files } = readManifest(folder);
  const versions = Object.keys(files).flatMap((name) => pattern.exec(name)?.[1] ?? []);
  const version = versions.sort((a, b) => b.localeCompare(a, "en", { numeric: true }))[0];
  if (version === undefined) return;
  const name = `pulumi-${version}-linux-${architecture}.tar`;
  if (!(await isWhole(folder, name, files[name])))
    throw new Error(`${join(folder, name)} is not the file of the bundle's manifest: copy the bundle to this machine again`);
  mkdirSync(cache, { recursive: true });
  // Unpacked beside its final place and renamed: half a program never counts as a CLI.
  const work = mkdtempSync(join(cache, "bundled-"));
  try {
    execFileSync("tar", ["-xf", join(folder, name), "-C", work]);
    const target = join(cache, `v${version}`);
    mkdirSync(target, { recursive: true });
    renameSync(join(work, "pulumi"), join(target, "pulumi"));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  say(`the Pulumi CLI ${version} comes from the bundle ${folder}`);
}
