import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { gzipSync } from "fflate";
import { createTar } from "nanotar";

// The shell scripts of all stages. They are the same on every host and every time, so a host gets them once, in one archive, and a
// stage's command names no more than the digest of those that it runs.

/**
 * The stages, in the order a host goes through them. `preflight` only looks; `leaving` and `handover` act only when they are deleted.
 */
export type StageName =
  | "preflight"
  | "prepare"
  | "etcd"
  | "balancer"
  | "control-plane"
  | "worker"
  | "addons"
  | "leaving"
  | "handover";

/** The files of hosts/lib that are read before a stage's own scripts. */
export type Library =
  | "common"
  | "files"
  | "saved"
  | "artifacts"
  | "images"
  | "api"
  | "announce"
  | "apiserver"
  | "etcd"
  | "turn"
  | "pool-turn"
  | "node"
  | "leavings"
  | "own"
  | "drain"
  | "labels"
  | "taints"
  | "proof"
  | "reserve"
  | "authorities"
  | "word"
  | "leaving"
  | "clock"
  | "lost"
  | "roles"
  | "findings"
  | "features"
  | "name-servers";

/**
 * The libraries of each stage, in the order in which they are read: what its scripts call, and what those call in turn. A change of
 * a library shows on these stages and on no other. A unit test compares this with what the scripts really call.
 */
export const stageLibraries: Readonly<Record<StageName, readonly Library[]>> = {
  preflight: ["common", "files", "own", "roles", "findings", "features", "name-servers"],
  // biome-ignore format: a line for each stage
  prepare: ["common", "files", "saved", "artifacts", "images", "api", "etcd", "turn", "pool-turn", "roles", "findings", "features", "name-servers"],
  // biome-ignore format: a line for each stage
  etcd: ["common", "files", "saved", "own", "artifacts", "etcd", "turn", "word", "leaving", "authorities", "clock", "lost"],
  balancer: ["common", "files", "saved", "etcd", "turn", "word", "leaving"],
  // biome-ignore format: a line for each stage
  "control-plane": ["common", "files", "saved", "artifacts", "images", "api", "announce", "etcd", "turn", "word", "leaving", "apiserver", "node", "reserve", "drain", "labels", "taints", "proof", "leavings", "authorities", "clock"],
  // biome-ignore format: a line for each stage
  worker: ["common", "files", "saved", "artifacts", "images", "api", "etcd", "pool-turn", "word", "node", "reserve", "drain", "labels", "proof", "leavings", "authorities", "clock"],
  addons: ["common", "files", "api", "etcd", "turn", "node", "drain", "taints", "proof", "lost"],
  leaving: ["common", "files", "api", "announce", "etcd", "word", "leaving"],
  handover: ["common", "files", "etcd", "turn", "word", "leaving", "apiserver"],
};

/** A script as a stage has it: `lib/<library>.sh` or `stage/<script>.sh`. */
export interface Script {
  path: string;
  content: string;
}

/** The scripts of hosts/lib or of a stage, by file name. */
export type ReadScripts = (folder: "lib" | StageName) => ReadonlyMap<string, string>;

/** Where the archive is brought to, below the home of the user who logs in; hosts/lib/common.sh takes it from there. */
export const ARCHIVE_IN_HOME = ".ha-kubernetes-scripts.tar.gz";
/** Where the host keeps it, once it is known to be this cluster's. */
export const ARCHIVE_ON_HOST = "/var/lib/ha-kubernetes/scripts.tar";

/** The scripts of a stage, sorted by path. */
export function stageScripts(stage: StageName, read: ReadScripts = scriptsOf): Script[] {
  const libraries = read("lib");
  const named = ["run", ...stageLibraries[stage]].map((name) => {
    const content = libraries.get(`${name}.sh`);
    if (content === undefined) throw new Error(`hosts/lib has no ${name}.sh, which stage ${stage} names`);
    return { path: `lib/${name}.sh`, content };
  });
  const own = [...read(stage)].map(([name, content]) => ({ path: `stage/${name}`, content }));
  return [...named, ...own].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** SHA-256 of what `sha256sum` says of a stage's scripts, hex. */
export function scriptsDigest(stage: StageName, read: ReadScripts = scriptsOf): string {
  return sha256(
    stageScripts(stage, read)
      .map(({ path, content }) => `${sha256(content)}  ${path}\n`)
      .join(""),
  );
}

/** What a host needs: a gzipped tar with hosts/lib as `lib` and each stage's scripts in a folder of its name. The same bytes everywhere. */
export function scriptsArchive(read: ReadScripts = scriptsOf): { content: Uint8Array; sha256: string } {
  const folders = ["lib", ...(Object.keys(stageLibraries) as StageName[]).sort()] as const;
  const content = packed(
    folders.flatMap((folder) => [...read(folder)].map(([name, content]) => ({ path: `${folder}/${name}`, content }))),
  );
  return { content, sha256: sha256(content) };
}

/** A gzipped tar of files for root alone. The same files give the same bytes. */
export function packed(files: readonly { path: string; content: string }[]): Uint8Array {
  const tar = createTar(
    files.map(({ path, content }) => ({ name: path, data: content })),
    { attrs: { mtime: 0, mode: "600", uid: 0, gid: 0, user: "root", group: "root" } },
  );
  // An archive ends with two blocks of zeros, and the library writes one: tar would say so each time.
  return gzipSync(Buffer.concat([tar, Buffer.alloc(512)]), { mtime: 0, level: 9 });
}

const sha256 = (content: string | Uint8Array) => createHash("sha256").update(content).digest("hex");

const found = new Map<string, ReadonlyMap<string, string>>();

/** The scripts of hosts/lib or of a stage, sorted by name; read once. Sub-folders sort them for readers: on hosts all lie side by side. */
export function scriptsOf(folder: "lib" | StageName): ReadonlyMap<string, string> {
  const known = found.get(folder);
  if (known !== undefined) return known;
  const place = new URL(folder === "lib" ? "lib/" : `stages/${folder}/`, import.meta.url);
  const paths = readdirSync(place, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".sh"));
  const named = paths.map((path) => [basename(path), readFileSync(new URL(path, place), "utf8")] as const);
  const scripts = new Map(named.sort(([a], [b]) => (a < b ? -1 : 1)));
  if (scripts.size < paths.length) throw new Error(`two scripts of hosts/${folder} have the same name`);
  found.set(folder, scripts);
  return scripts;
}
