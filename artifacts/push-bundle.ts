import { spawn } from "node:child_process";
import { createReadStream, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { distributions, packagesFile } from "../config/packages.ts";
import { type BundleFile, readManifest, sha256Of } from "./bundle-manifest.ts";
import type { Architecture } from "./lock.ts";
import { say } from "./run-program.ts";

// Brings a bundle's files to hosts over SSH: only those that a host lacks, each from where an earlier run was cut off. OpenSSH's own
// client logs in, so that the user's keys, known hosts and jump hosts are used as they are. The host needs bash and the programs
// that every distribution has.

export interface PushArgs {
  /** The bundle's folder on this machine. */
  folder: string;
  /** Where the files go on the hosts: an absolute path. */
  to: string;
  /** Options for ssh, such as `-i FILE`. */
  sshOptions: readonly string[];
  /** For a machine that serves all hosts: the files of every architecture and distribution. Default: those that the host itself takes. */
  all?: boolean;
  /** Names of the files. Default: every file of the bundle. */
  only?: ReadonlySet<string>;
  /** What a bundle must have for hosts of an architecture: each entry is the names that a file may have. Default: any program. */
  needed?: (architecture: Architecture) => readonly (readonly string[])[];
}

/** A host as it said itself: its machine's architecture, its distribution, and how much of each missing file it has. */
interface Seen {
  architecture: string;
  distribution: string;
  missing: ReadonlyMap<string, number>;
}

const HOSTS_AT_ONCE = 4;

const remote = readFileSync(new URL("push-remote.sh", import.meta.url), "utf8");

/**
 * Brings the files to each host, several hosts at a time.
 *
 * @param hosts as ssh takes them: `user@host`, `ssh://user@host:port`, or a name of its config
 * @throws Error naming each host that failed, and why; the others have everything
 */
export async function pushBundle(hosts: readonly string[], args: PushArgs): Promise<void> {
  const { files } = readManifest(args.folder);
  if (Object.keys(files).length === 0) throw new Error(`${args.folder} holds no bundle: make one with npm run bundle`);
  const names = Object.keys(files);
  if (args.all && (["amd64", "arm64"] as const).every((it) => lackingOf(names, it, args.needed).length > 0))
    throw new Error(`${args.folder} has no architecture's programs whole: run npm run bundle with --kubernetes-version first`);
  const waiting = [...new Set(hosts)];
  const failures: string[] = [];
  const work = async () => {
    for (let host = waiting.shift(); host !== undefined; host = waiting.shift()) {
      try {
        await pushTo(host, files, args);
      } catch (error) {
        failures.push(`${host}: ${(error as Error).message}`);
      }
    }
  };
  await Promise.all(Array.from({ length: HOSTS_AT_ONCE }, work));
  if (failures.length > 0) throw new Error(`${failures.join("\n")}\nRun this again: it continues where it ended`);
}

async function pushTo(host: string, files: Readonly<Record<string, BundleFile>>, args: PushArgs): Promise<void> {
  const names = Object.keys(files).filter((name) => args.only?.has(name) ?? true);
  const seen = await look(host, names, files, args);
  const wanted = names.filter((name) => args.all || isFor(seen, name));
  if (!args.all) refuseLacking(wanted, seen.architecture, args);
  const missing = wanted.filter((name) => seen.missing.has(name));
  const left = missing.reduce((sum, name) => sum + (files[name] as BundleFile).size - (seen.missing.get(name) ?? 0), 0);
  if (missing.length === 0) {
    say(`${host}: all ${wanted.length} files are there`);
    return;
  }
  say(`${host}: ${missing.length} of ${wanted.length} files are missing, ${Math.ceil(left / 1e6)} MB are to be sent`);
  for (const name of missing) {
    const { sha256, size } = files[name] as BundleFile;
    const start = seen.missing.get(name) ?? 0;
    const here = statSync(join(args.folder, name), { throwIfNoEntry: false })?.size ?? 0;
    if (here !== size)
      throw new Error(`${name} has ${here} bytes in ${args.folder} and ${size} in its manifest: run npm run bundle first`);
    const path = join(args.folder, name);
    const words = ["take", args.to, name, sha256, String(size), String(start)];
    await ssh(host, words, args, createReadStream(path, { start })).catch(async (error: Error) => {
      if ((await sha256Of(path)) === sha256) throw error;
      throw new Error(`${name} in ${args.folder} has another SHA-256 than its manifest says: run npm run bundle, which mends it`);
    });
    say(`${host}: ${name}`);
  }
}

/** Throws if a bundle has nothing for an architecture, or lacks what its versions need. */
function refuseLacking(wanted: readonly string[], architecture: string, { folder, needed }: PushArgs): void {
  const cure = `npm run bundle -- --architecture ${architecture}, on a machine of that architecture, adds them`;
  if (architecture !== "amd64" && architecture !== "arm64")
    throw new Error(`its architecture is ${architecture}: hosts are amd64 or arm64`);
  if (!wanted.some((name) => name.endsWith(`-linux-${architecture}`)))
    throw new Error(`${folder} has no programs for ${architecture}: ${cure}`);
  const lacking = lackingOf(wanted, architecture, needed);
  if (lacking.length > 0)
    throw new Error(
      `${folder} lacks ${lacking.map(([name]) => name).join(", ")}: npm run bundle with --kubernetes-version and --architecture ${architecture} adds them`,
    );
}

const lackingOf = (have: readonly string[], architecture: Architecture, needed: PushArgs["needed"]) =>
  needed?.(architecture).filter((names) => !names.some((name) => have.includes(name))) ?? [];

/** Whether a host of this architecture and distribution takes a file. */
function isFor({ architecture, distribution }: Seen, name: string): boolean {
  const known = distributions.find((it) => it === distribution);
  if (name.startsWith("packages-"))
    return known !== undefined && name === packagesFile(known, architecture === "arm64" ? "arm64" : "amd64");
  // The program's own engine runs on no host.
  if (name.startsWith("pulumi-")) return false;
  return !/-linux-(amd64|arm64)\b/.test(name) || name.includes(`-linux-${architecture}`);
}

async function look(
  host: string,
  names: readonly string[],
  files: Readonly<Record<string, BundleFile>>,
  args: PushArgs,
): Promise<Seen> {
  const list = names.map((name) => `${files[name]?.sha256} ${files[name]?.size} ${name}\n`).join("");
  const said = await ssh(host, ["look", args.to], args, list);
  const [first = "", ...lines] = said.trimEnd().split("\n");
  const [, architecture = "", distribution = ""] = first.split(" ");
  const missing = lines.map((line): [string, number] => {
    const [size = "", name = ""] = line.split(" ");
    return [name, Number(size)];
  });
  return { architecture, distribution, missing: new Map(missing) };
}

const quote = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;

/** Runs a part of push-remote.sh as root on a host. @returns Its output. */
async function ssh(host: string, words: readonly string[], { sshOptions }: PushArgs, input: string | NodeJS.ReadableStream) {
  const script = ["bash", "-c", remote, "push", ...words].map(quote).join(" ");
  const command = `if [ "$(id -u)" = 0 ]; then exec ${script}; else exec sudo -n ${script}; fi`;
  const child = spawn("ssh", ["-o", "BatchMode=yes", ...sshOptions, host, command], { stdio: ["pipe", "pipe", "pipe"] });
  const [out, said]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => said.push(chunk));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", (error) => reject(new Error(`ssh can't be run: ${error.message}`)));
    child.on("close", resolve);
  });
  // A command that ends early closes its input; its status tells the reason.
  const sent = (typeof input === "string" ? end(child.stdin, input) : pipeline(input, child.stdin)).catch(() => {});
  const [status] = await Promise.all([ended, sent]);
  if (status === 0) return Buffer.concat(out).toString();
  const last = Buffer.concat(said).toString().trim().split("\n").at(-1) ?? "";
  const cure = last.startsWith("sudo:") ? "; log in as root, or let the login use sudo without a password" : "";
  throw new Error(`${last || `ssh ended with ${status}`}${cure}`);
}

const end = (stdin: NodeJS.WritableStream, text: string) =>
  new Promise<void>((resolve) => stdin.on("error", resolve).end(text, resolve));
