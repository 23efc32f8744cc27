import { globSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { USER_LOCK } from "../config/versions.ts";
import { knownVersions } from "./known-versions.ts";
import { type ImageLock, type lock, ownLock } from "./lock.ts";
import type { Reach } from "./published/https.ts";
import { asLock, lookable, lookUp, versionsOf } from "./published/look-up.ts";
import { contradictions, mapped, readUserLock, type UserLock, withUserLock } from "./user-lock.ts";

const root = new URL("../", import.meta.url).pathname;
const NO_LOCK: UserLock = { files: {}, images: {}, recommended: {} };
const NAMES = lookable(allLocks(NO_LOCK));

const HELP = `npm run lock -- add NAME VERSION [options]
npm run lock -- show [NAME]

add asks a project's own servers for the published hashes of a version, for amd64 and arm64, and its registry for the digests of its
images. It says what it found and where, and writes it to ${USER_LOCK}, beside the stacks' files. The config may name that version then.
A hash that comes over plain HTTP, or that contradicts a known one, is refused, and nothing is written. A version may be any patch of a
minor version that this release knows.
show prints the versions of a part, with the hashes that are unknown.

  NAME                ${NAMES.join(", ").replace(/(.{100}[^,]*,) /g, "$1\n                      ")}
  --for MINOR         makes the version the one that goes with this minor version of Kubernetes, such as 1.36. For kubernetes itself
                      and for parts below versions in the config there is no need
  --file FILE         another file than ${USER_LOCK}, for a look: the program reads that one alone
  --ca FILE           PEM of more authorities to trust. Default: those of Node
  --connect A:P=B:Q   speaks to B:Q in place of the server A:P; its certificate is still that of A. May be repeated
  --help
`;

/** The lock of every cluster and those of providers, with a user's lock. */
function allLocks(user: UserLock): ImageLock[] {
  const paths = globSync("providers/*/addons/lock.json", { cwd: root }).sort();
  const others = paths.map((path): ImageLock => ({ path, ...JSON.parse(readFileSync(`${root}${path}`, "utf8")) }));
  return [withUserLock(ownLock, user), ...others.map((other) => withUserLock(other, user))];
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      for: { type: "string" },
      file: { type: "string", default: USER_LOCK },
      ca: { type: "string" },
      connect: { type: "string", multiple: true, default: [] },
      help: { type: "boolean", default: false },
    },
  });
  const [verb, name, version, ...more] = positionals;
  if (values.help) return void process.stdout.write(HELP);
  if (verb === "show" && version === undefined) return show(name, values.file);
  if (verb !== "add" || name === undefined || version === undefined || more.length > 0)
    throw new Error(`it is add NAME VERSION, or show [NAME]; --help says more`);
  const reach: Reach = {
    ...(values.ca !== undefined && { ca: readFileSync(values.ca, "utf8") }),
    connect: new Map(values.connect.map(connection)),
  };
  await add(name, version.replace(/^v(?=\d)/, ""), { file: values.file, goesWith: values.for, reach });
}

async function add(
  name: string,
  version: string,
  { file, goesWith, reach }: { file: string; goesWith?: string; reach: Reach },
): Promise<void> {
  const { lock: user, fault } = readUserLock(file);
  if (fault !== undefined) throw new Error(`${file} ${fault}`);
  const locks = allLocks(user);
  const looked = await lookUp(name, version, locks, reach);
  for (const { what, hash, url, note } of looked)
    say(`${what}\n    ${hash ?? "unknown"}${note === undefined ? "" : `: ${note}`}\n    ${url}`);
  const found = asLock(version, looked);
  const theirs = {
    path: file,
    files: mapped(user.files, (sha256) => ({ version: "", sha256 })),
    images: mapped(user.images, (digests) => ({ digests })),
  };
  const wrong = [theirs, ...allLocks(NO_LOCK)].flatMap((known) => contradictions(known, { ...found, recommended: {} }));
  if (wrong.length > 0) throw new Error(`nothing was written, because a hash is not the known one: ${wrong.join("; ")}`);
  if (looked.every(({ hash }) => hash === undefined))
    throw new Error(`nothing was written, because nothing of ${name} ${version} is published`);
  const rows = goesWith === undefined ? {} : { [goesWith]: { ...user.recommended[goesWith], [name]: version } };
  if (goesWith !== undefined && ownLock.recommended[goesWith] === undefined)
    throw new Error(`--for ${goesWith}: it is one of ${Object.keys(ownLock.recommended).join(", ")}`);
  const next = {
    files: merged(user.files, found.files),
    images: merged(user.images, found.images),
    recommended: { ...user.recommended, ...rows },
  };
  writeFileSync(`${file}.new`, `${JSON.stringify(next, undefined, 2)}\n`);
  renameSync(`${file}.new`, file);
  const unknown = looked.filter(({ hash }) => hash === undefined);
  const left =
    unknown.length === 0 ? "" : `; ${unknown.length} unknown, which artifacts.source: official refuses where a host needs them`;
  say(`wrote ${looked.length - unknown.length} hashes of ${name} ${version} to ${file}${left}`);
}

/** Later values win, except that an unknown one replaces no known one. */
function merged<T extends string | Record<string, string>>(
  before: Record<string, Record<string, T>>,
  now: Record<string, Record<string, T>>,
) {
  const one = (was: T | undefined, is: T): T => {
    if (typeof is === "string") return is === "unknown" && was !== undefined ? was : is;
    const entries = Object.entries(is).map(([key, value]) => [
      key,
      value === "unknown" ? ((was as Record<string, string>)?.[key] ?? value) : value,
    ]);
    return Object.fromEntries(entries) as T;
  };
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  return Object.fromEntries(
    names.map((name) => [
      name,
      {
        ...before[name],
        ...Object.fromEntries(
          Object.entries(now[name] ?? {}).map(([version, value]) => [version, one(before[name]?.[version], value)]),
        ),
      },
    ]),
  );
}

/** Prints the versions of one part, or of all. */
function show(name: string | undefined, file: string): void {
  const locks = allLocks(readUserLock(file).lock);
  const { whole } = knownVersions();
  for (const part of name === undefined ? NAMES : [name]) {
    for (const version of versionsOf(part, locks)) {
      const unknown = unknownOf(part, version, locks);
      const built = part === "kubernetes" && whole.built.includes(version) ? "; can be built" : "";
      const goes = locks.flatMap((it) =>
        Object.entries({ ...(it as Partial<typeof lock>).recommended, ...it.versions })
          .filter(([, row]) => Object.entries(row).some(([key, value]) => key === part && value === version))
          .map(([minor]) => minor),
      );
      const used = goes.length === 0 ? "" : `; goes with Kubernetes ${goes.join(", ")}`;
      say(`${part} ${version}  ${unknown.length === 0 ? "all hashes known" : `unknown: ${unknown.join(", ")}`}${built}${used}`);
    }
  }
}

function unknownOf(part: string, version: string, [own, ...others]: readonly ImageLock[]): string[] {
  const files = Object.entries((own as typeof lock).files).flatMap(([file, it]) =>
    // One that is published in an image is known by that image.
    it.version !== part || it.image !== undefined
      ? []
      : Object.entries(it.sha256[version] ?? { amd64: "unknown", arm64: "unknown" }).flatMap(([architecture, hash]) =>
          hash === "unknown" ? [`${file} for ${architecture}`] : [],
        ),
  );
  const images = [own as ImageLock, ...others].flatMap((it) =>
    Object.entries(it.images).flatMap(([image, { version: of, digests }]) =>
      ((of ?? image) === part || image === part) && (digests[version] ?? "unknown") === "unknown" ? [`image ${image}`] : [],
    ),
  );
  return [...files, ...images];
}

function connection(text: string): [string, string] {
  const [from = "", to = ""] = text.split("=");
  if (![from, to].every((it) => /^.+:\d+$/.test(it))) throw new Error(`--connect ${text}: it is NAME:PORT=ADDRESS:PORT`);
  return [from, to];
}

const say = (text: string) => process.stdout.write(`${text}\n`);

try {
  await main();
} catch (error) {
  process.stderr.write(`ERROR: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
