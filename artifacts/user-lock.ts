import { readFileSync } from "node:fs";
import { z } from "zod";
import { USER_LOCK } from "../config/versions.ts";
import { inOrder, isDropped, unfit } from "./version-form.ts";

// A lock of the user's own: hashes that npm run lock -- add looked up, or that the user wrote. It lies beside the stacks' files and
// adds to artifacts/lock.json and to the locks of providers, and changes nothing there.

const byVersion = <T extends z.ZodType>(value: T) =>
  z.record(z.string(), z.record(z.string().regex(/^\d+\.\d+(\.\d+)?\S*$/, "a version"), value));
const sha256 = z.union([z.literal("unknown"), z.string().regex(/^[0-9a-f]{64}$/, "64 hex digits, or unknown")]);
const digest = z.union([
  z.literal("unknown"),
  z.string().regex(/^sha256:[0-9a-f]{64}$/, "sha256: and 64 hex digits, or unknown"),
]);

const schema = z.strictObject({
  /** SHA-256 of files by name, version and architecture. */
  files: byVersion(z.strictObject({ amd64: sha256.default("unknown"), arm64: sha256.default("unknown") })).default({}),
  /** Digests of images by name and version. */
  images: byVersion(digest).default({}),
  /** Versions of parts, and of images of add-ons, that go with a minor version of Kubernetes, in place of those of this program. */
  recommended: z.record(z.string().regex(/^\d+\.\d+$/, "a minor version"), z.record(z.string(), z.string())).default({}),
});

/** What the file holds. */
export type UserLock = z.output<typeof schema>;

/** The file's content, or its fault: then it counts as empty. */
export interface ReadLock {
  lock: UserLock;
  fault?: string;
}

/** Reads the file, by default in the folder of Pulumi.yaml, where the program runs; where there is none, it is empty. */
export function readUserLock(path: string = USER_LOCK): ReadLock {
  const none = (fault?: string): ReadLock => ({ lock: { files: {}, images: {}, recommended: {} }, ...(fault && { fault }) });
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return none();
    return none(`can't be read as JSON: ${(error as Error).message}`);
  }
  const { data, error } = schema.safeParse(json);
  return data === undefined
    ? none(error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; "))
    : { lock: data };
}

type ByArchitecture = Readonly<Record<string, string>>;
type Rows = Readonly<Record<string, Readonly<Record<string, string>>>>;
/** The part of a lock to which a user's lock may add. */
interface Lock {
  path: string;
  files?: Readonly<Record<string, { version: string; sha256: Readonly<Record<string, ByArchitecture>> }>>;
  images: Readonly<Record<string, { version?: string; digests: Readonly<Record<string, string>> }>>;
  recommended?: Rows;
  versions?: Rows;
}

/** The same keys with other values. */
export const mapped = <T, U>(from: Readonly<Record<string, T>>, map: (value: T, name: string) => U) =>
  Object.fromEntries(Object.entries(from).map(([name, value]) => [name, map(value, name)]));
const known = (own: string | undefined, theirs: string) => (own === undefined || own === "unknown" ? theirs : own);

/** The lock with what the user's adds. Known values stay as they are; patch versions are added only of minor versions that the lock has. What has no effect is in `contradictions` and `strangers`. */
export function withUserLock<L extends Lock>(lock: L, user: UserLock): L {
  // A version is the same of all files and images of a part: what the user's lock leaves out of one is unknown.
  const versionsOf = (part: string | undefined, own: object, theirs: object = {}) => {
    if (part === undefined) return Object.keys(theirs);
    const names = (entries: Readonly<Record<string, { version?: string }>> = {}) =>
      Object.keys(entries).filter((name) => entries[name]?.version === part);
    const all = [...names(lock.files).map((name) => user.files[name]), ...names(lock.images).map((name) => user.images[name])];
    return all
      .flatMap((it) => Object.keys(it ?? {}))
      .filter((version) => !Object.hasOwn(own, version) || Object.hasOwn(theirs, version));
  };
  const merged = {
    ...lock,
    ...(lock.files && {
      files: mapped(lock.files, (it, name) => ({
        ...it,
        sha256: added(it.sha256, versionsOf(it.version, it.sha256, user.files[name]), (version) => {
          const theirs = user.files[name]?.[version] ?? { amd64: "unknown", arm64: "unknown" };
          return mapped<string, string>(theirs, (value, architecture) => known(it.sha256[version]?.[architecture], value));
        }),
      })),
    }),
    images: mapped(lock.images, (it, name) => ({
      ...it,
      digests: added(it.digests, versionsOf(it.version, it.digests, user.images[name]), (version) =>
        known(it.digests[version], user.images[name]?.[version] ?? "unknown"),
      ),
    })),
  };
  const rows = (own: Rows) =>
    mapped(own, (row, minor) => {
      const chosen = Object.entries(user.recommended[minor] ?? {}).filter(
        ([name, version]) => Object.hasOwn(row, name) && hasVersion(merged, name, version),
      );
      return { ...row, ...Object.fromEntries(chosen) };
    });
  return {
    ...merged,
    ...(lock.recommended && { recommended: rows(lock.recommended) }),
    ...(lock.versions && { versions: rows(lock.versions) }),
  };
}

function added<T>(
  own: Readonly<Record<string, T>>,
  versions: readonly string[],
  value: (version: string) => T,
): Record<string, T> {
  const fit = versions.filter((version) => unfit(version, Object.keys(own)) === undefined);
  return { ...own, ...Object.fromEntries(fit.map((version) => [version, value(version)])) };
}

/** Whether the lock has this version of a part, or of an image by its name; undefined where the lock knows nothing of that name. */
function hasVersion({ files = {}, images }: Lock, name: string, version: string): boolean | undefined {
  const ofPart = [
    ...Object.values(files).flatMap((it) => (it.version === name ? [it.sha256] : [])),
    ...Object.entries(images).flatMap(([image, it]) => ((it.version ?? image) === name ? [it.digests] : [])),
  ];
  return ofPart.length === 0 ? undefined : ofPart.some((versions) => Object.hasOwn(versions, version));
}

/** Hashes of the user's lock that contradict those of this lock, with both. */
export function differences(lock: Lock, user: Pick<UserLock, "files" | "images">): string[] {
  const differ = (what: string, own: string | undefined, theirs: string) =>
    own === undefined || own === "unknown" || theirs === "unknown" || own === theirs
      ? []
      : [`${what} is ${theirs}, and ${lock.path} has ${own}`];
  const ofFiles = Object.entries(user.files).flatMap(([name, versions]) => {
    const own = entryOf(lock.files, name)?.sha256 ?? {};
    return Object.entries(versions).flatMap(([version, hashes]) =>
      Object.entries(hashes).flatMap(([architecture, theirs]) =>
        differ(`${name} ${version} for ${architecture}`, own[version]?.[architecture], theirs),
      ),
    );
  });
  const ofImages = Object.entries(user.images).flatMap(([name, versions]) => {
    const own = entryOf(lock.images, name)?.digests ?? {};
    return Object.entries(versions).flatMap(([version, theirs]) => differ(`image ${name} ${version}`, own[version], theirs));
  });
  return [...ofFiles, ...ofImages];
}

/**
 * What in the user's lock this lock can't take: versions that are none of their part, values that contradict known ones, and versions to
 * use that have no hashes. Entries of minor versions that a release no longer knows don't matter.
 */
export function contradictions(lock: Lock, user: UserLock): string[] {
  const misfits = [
    ...Object.entries(user.files).flatMap(([name, versions]) => unfitted(name, versions, entryOf(lock.files, name)?.sha256)),
    ...Object.entries(user.images).flatMap(([name, versions]) =>
      unfitted(`image ${name}`, versions, entryOf(lock.images, name)?.digests),
    ),
  ];
  const merged = withUserLock(lock, user);
  const unusable = Object.entries(user.recommended).flatMap(([minor, row]) =>
    Object.entries(row).flatMap(([name, version]) =>
      hasVersion(merged, name, version) === false
        ? [`recommended ${minor} names ${name} ${version}, of which no hash is known`]
        : [],
    ),
  );
  return [...misfits, ...differences(lock, user), ...unusable];
}

/** The entry of this name, and nothing that every object inherits. */
const entryOf = <T>(entries: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
  entries !== undefined && Object.hasOwn(entries, name) ? entries[name] : undefined;

function unfitted(what: string, versions: object, known: object = {}): string[] {
  const all = Object.keys(known);
  return Object.keys(versions).flatMap((version) => {
    const wrong = all.length === 0 || isDropped(version, all) ? undefined : unfit(version, all);
    return wrong === undefined ? [] : [`${what} ${version} ${wrong}`];
  });
}

/** What a user's lock may name of a lock. */
export interface Names {
  files?: Readonly<Record<string, unknown>>;
  images: Readonly<Record<string, unknown>>;
  recommended?: Rows;
  versions?: Rows;
}

/** The names whose version goes with a minor version of Kubernetes, in any of the locks. */
export const chosenBy = (minor: string, locks: readonly Names[]): string[] => [
  ...new Set(
    locks.flatMap(({ recommended, versions }) =>
      [recommended, versions].flatMap((rows) => Object.keys(entryOf(rows, minor) ?? {})),
    ),
  ),
];

/** What in the user's lock nothing reads, because none of the locks has the name. */
export function strangers(user: UserLock, locks: readonly Names[]): string[] {
  const unknown = (kind: "files" | "images", one: string) => {
    const names = locks.flatMap((lock) => Object.keys(lock[kind] ?? {}));
    const wrong = Object.keys(user[kind]).filter((name) => !names.includes(name));
    return wrong.map(
      (name) => `${kind} has ${name}, and there is no ${one} of that name: it is one of ${inOrder(names).join(", ")}`,
    );
  };
  const minors = inOrder(locks.flatMap(({ recommended }) => Object.keys(recommended ?? {})));
  const unused = Object.entries(user.recommended).flatMap(([minor, row]) => {
    if (isDropped(minor, minors)) return [];
    if (!minors.includes(minor)) return [`recommended has ${minor}, and this release knows ${minors.join(", ")}`];
    const names = chosenBy(minor, locks);
    return Object.keys(row).flatMap((name) =>
      names.includes(name)
        ? []
        : [`recommended ${minor} names ${name}, and nothing reads that: it is one of ${names.join(", ")}`],
    );
  });
  return [...unknown("files", "file"), ...unknown("images", "image"), ...unused];
}
