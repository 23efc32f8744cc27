import { X509Certificate } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { USER_LOCK } from "../config/versions.ts";
import { changeUserLock, merged } from "./change-user-lock.ts";
import { knownVersions } from "./known-versions.ts";
import { type ImageLock, type lock, ownLock } from "./lock.ts";
import type { Reach } from "./published/https.ts";
import { asLock, lookable, lookUp, versionsOf } from "./published/look-up.ts";
import {
  chosenBy,
  contradictions,
  differences,
  mapped,
  readUserLock,
  strangers,
  type UserLock,
  withUserLock,
} from "./user-lock.ts";

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

/** The locks of every cluster, of add-ons and of providers, with a user's lock. */
function allLocks(user: UserLock): ImageLock[] {
  const paths = globSync(["addons/lock.json", "providers/*/addons/lock.json"], { cwd: root }).sort();
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
    ...(values.ca !== undefined && { ca: authorities(values.ca) }),
    connect: new Map(values.connect.map(connection)),
  };
  await add(name, version.replace(/^v(?=\d)/, ""), { file: values.file, goesWith: values.for, reach });
}

async function add(
  name: string,
  version: string,
  { file, goesWith, reach }: { file: string; goesWith?: string; reach: Reach },
): Promise<void> {
  if (!existsSync(dirname(file))) throw new Error(`--file ${file}: there is no folder ${dirname(file)}`);
  const { lock: user, fault } = readUserLock(file);
  if (fault !== undefined) throw new Error(`${file} ${fault}`);
  const locks = allLocks(user);
  if (goesWith !== undefined) refuseOther(name, goesWith);
  const looked = await lookUp(name, version, locks, reach);
  for (const { what, hash, url, note } of looked)
    say(`${what}\n    ${hash ?? "unknown"}${note === undefined ? "" : `: ${note}`}\n    ${url}`);
  const found = asLock(version, looked);
  if (looked.every(({ hash }) => hash === undefined))
    throw new Error(`nothing was written, because nothing of ${name} ${version} is published`);
  await changeUserLock(file, (before) => {
    const theirs = {
      path: file,
      files: mapped(before.files, (sha256) => ({ version: "", sha256 })),
      images: mapped(before.images, (digests) => ({ digests })),
    };
    const wrong = [theirs, ...allLocks(NO_LOCK)].flatMap((known) => differences(known, found));
    if (wrong.length > 0) throw new Error(`nothing was written, because a hash is not the known one: ${wrong.join("; ")}`);
    const rows = goesWith === undefined ? {} : { [goesWith]: { ...before.recommended[goesWith], [name]: version } };
    return {
      files: merged(before.files, found.files),
      images: merged(before.images, found.images),
      recommended: { ...before.recommended, ...rows },
    };
  });
  // Hosts take a program that is published in an image out of that image.
  const unknown = looked.filter(({ hash, image }) => hash === undefined && image === undefined);
  const left =
    unknown.length === 0
      ? ""
      : `; ${unknown.length} unknown, which artifacts.source: official refuses where a host needs them: ${unknown.map(({ what }) => what).join(", ")}`;
  say(`wrote ${looked.filter(({ hash }) => hash !== undefined).length} hashes of ${name} ${version} to ${file}${left}`);
}

/** Refuses --for where nothing would read what it writes. */
function refuseOther(name: string, minor: string): void {
  const locks = allLocks(NO_LOCK);
  const minors = Object.keys(ownLock.recommended);
  if (!minors.includes(minor)) throw new Error(`--for ${minor}: it is one of ${minors.join(", ")}`);
  const names = chosenBy(minor, locks);
  if (names.includes(name)) return;
  const part = locks.map(({ images }) => Object.entries(images).find(([image]) => image === name)?.[1].version).find(Boolean);
  const why = part === undefined ? "" : `, which has the version of ${part}`;
  throw new Error(`--for ${minor} is of no use for ${name}${why}: it is for ${names.join(", ")}`);
}

/** Prints the versions of one part, or of all. */
function show(name: string | undefined, file: string): void {
  if (file !== USER_LOCK && !existsSync(file)) throw new Error(`--file ${file} does not exist`);
  const { lock: user, fault } = readUserLock(file);
  const locks = allLocks(user);
  const faults =
    fault === undefined
      ? [...new Set(allLocks(NO_LOCK).flatMap((known) => contradictions(known, user))), ...strangers(user, allLocks(NO_LOCK))]
      : [fault];
  if (faults.length > 0) throw new Error(`${file} can't be used: ${faults.join("; ")}`);
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

/** The certificates of a file. */
function authorities(file: string): string {
  try {
    const text = readFileSync(file, "utf8");
    const all = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g);
    if (all === null) throw new Error("it holds none");
    for (const one of all) new X509Certificate(one);
    return text;
  } catch (error) {
    throw new Error(`--ca ${file}: it is a file of certificates in PEM, and can't be read as one: ${(error as Error).message}`);
  }
}

const say = (text: string) => process.stdout.write(`${text}\n`);

try {
  await main();
} catch (error) {
  process.stderr.write(`ERROR: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
