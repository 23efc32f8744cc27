import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { cacheFolder, defaultBundle } from "../artifacts/bundle-manifest.ts";
import { build } from "./build.ts";
import { unbundle } from "./bundled-cli.ts";
import { download } from "./download.ts";

// Where the Pulumi CLI comes from. The first hit wins: PATH, this program's cache, the bundle, Pulumi's own download, its Go module.

/** A Pulumi CLI that runs on this machine. */
export interface Cli {
  path: string;
  /** Without a leading v. */
  version: string;
  /** Whether it was built from its Go module: then it has neither language hosts nor a place to download plugins from. */
  isBuilt: boolean;
  /** Where it was found, for display. */
  origin: string;
}

/** The oldest CLI that accepts every option of this program; Pulumi.yaml says the same as requirePulumiVersion. */
const oldestVersion = "3.217.0";

/** CLIs that this program downloaded or built, one folder for each version. */
const cliCache = () => join(cacheFolder(), "engine");

/**
 * Finds a Pulumi CLI, or downloads or builds one. `say` gets progress.
 *
 * @throws Error that says what to install, if no CLI is available.
 */
export async function findCli(say: (line: string) => void): Promise<Cli> {
  const found = onPath(say) ?? cached();
  if (found !== undefined) return found;
  const reasons: string[] = [];
  const fromBundle: typeof download = (cache, tell) => unbundle(defaultBundle(), cache, tell);
  for (const bring of [fromBundle, download, build]) {
    try {
      await bring(cliCache(), say);
      const brought = cached();
      if (brought !== undefined) return brought;
    } catch (error) {
      reasons.push((error as Error).message);
      say((error as Error).message);
    }
  }
  throw new Error(
    `there is no Pulumi CLI ${oldestVersion} or newer on PATH, and none could be downloaded or built (${reasons.join("; ")}). ` +
      "Install one (https://www.pulumi.com/docs/install/), or Go 1.26 or newer, which builds one",
  );
}

function onPath(say: (line: string) => void): Cli | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  for (const path of folders.map((folder) => join(folder, "pulumi"))) {
    // The npm package `pulumi` has a command of this name that only downloads the CLI.
    if (!isProgram(path) || realpathSync(path).endsWith(".js")) continue;
    const version = versionOf(path);
    if (version !== undefined && !isOlder(version, oldestVersion)) return { path, version, origin: path, isBuilt: false };
    say(`${path} is not used: ${version === undefined ? "it does not run" : `${version} is older than ${oldestVersion}`}`);
  }
  return undefined;
}

function versionOf(path: string): string | undefined {
  try {
    const text = execFileSync(path, ["version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], timeout: 10_000 });
    return /^v?(\d+\.\d+\.\d+\S*)/.exec(text)?.[1];
  } catch {
    return undefined;
  }
}

/** The newest CLI of the cache. A built CLI is a single file; a downloaded one has a folder with the language hosts. */
function cached(): Cli | undefined {
  const cache = cliCache();
  if (!existsSync(cache)) return undefined;
  const versions = readdirSync(cache)
    .filter((name) => /^v\d/.test(name))
    .sort((a, b) => (isOlder(a.slice(1), b.slice(1)) ? 1 : -1));
  for (const version of versions) {
    const [built, downloaded] = [join(cache, version, "pulumi"), join(cache, version, "pulumi", "pulumi")];
    const path = [built, downloaded].find(isProgram);
    if (path !== undefined) return { path, version: version.slice(1), origin: path, isBuilt: path === built };
  }
  return undefined;
}

/** Compares versions by their numbers. */
export function isOlder(version: string, than: string): boolean {
  return version.localeCompare(than, "en", { numeric: true }) < 0;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
