import { type Architecture, type FileEntry, filled, type ImageLock } from "../lock.ts";
import type { UserLock } from "../user-lock.ts";
import { inOrder, unfit } from "../version-form.ts";
import { type Found, publishedSha256 } from "./checksums.ts";
import type { Reach } from "./https.ts";
import { publishedDigest } from "./registry.ts";

// What of a version its project has published: the hashes of its files and the digests of its images.

/** One thing that was looked up. */
export interface Looked extends Found {
  name: string;
  /** Absent for an image. */
  architecture?: Architecture;
  /** The image that hosts take it from, for a file whose project publishes no hash. */
  image?: string;
  /** In words: `kubelet 1.36.5 for arm64`, `image registry.k8s.io/pause:3.10.2`. */
  what: string;
}

const architectures: readonly Architecture[] = ["amd64", "arm64"];
/** The release files of locks: those of providers have none. */
const filesOf = (locks: readonly (ImageLock & { files?: Readonly<Record<string, FileEntry>> })[]) =>
  locks.flatMap(({ files = {} }) => Object.entries(files));

/** The names that can be looked up: parts of a cluster, and images by their names in the locks. */
export const lookable = (locks: readonly ImageLock[]): string[] => [
  ...new Set([
    ...filesOf(locks).map(([, it]) => it.version),
    ...locks.flatMap(({ images }) => Object.entries(images).map(([name, it]) => it.version ?? name)),
  ]),
];

/** The files and images of a part, or the one image of this name. */
function membersOf(name: string, locks: readonly ImageLock[]) {
  const images = locks.flatMap(({ images }) =>
    Object.entries(images).filter(([image, it]) => (it.version ?? image) === name || image === name),
  );
  return { files: filesOf(locks).filter(([, it]) => it.version === name), images };
}

/** The versions of a part that the locks have, oldest first. Throws where nothing has the name. */
export function versionsOf(name: string, locks: readonly ImageLock[]): string[] {
  const { files, images } = membersOf(name, locks);
  if (files.length + images.length === 0)
    throw new Error(`there is no part and no image ${name}: it is one of ${lookable(locks).join(", ")}`);
  const all = [...files.flatMap(([, it]) => Object.keys(it.sha256)), ...images.flatMap(([, it]) => Object.keys(it.digests))];
  return inOrder(all);
}

/**
 * Looks up a version: everything at once, in the order of the lock.
 *
 * @throws Error for a version in another form than the known ones, for a minor version that this program doesn't know, and where a server can't be asked
 */
export async function lookUp(name: string, version: string, locks: readonly ImageLock[], reach: Reach = {}): Promise<Looked[]> {
  const wrong = unfit(version, versionsOf(name, locks));
  if (wrong !== undefined) throw new Error(`${name} ${version} ${wrong}`);
  const { files, images } = membersOf(name, locks);
  const ofFiles = files.flatMap(([file, entry]) =>
    architectures.map(async (architecture): Promise<Looked> => {
      const what = `${file} ${version} for ${architecture}`;
      const url = filled(entry.url, version, architecture);
      if (entry.checksums === undefined) {
        const note =
          entry.image === undefined
            ? "its project publishes no hash"
            : `its project publishes no hash: hosts take it from image ${entry.image}`;
        return { name: file, architecture, image: entry.image, what, url, note };
      }
      return {
        name: file,
        architecture,
        what,
        ...(await publishedSha256(url, filled(entry.checksums, version, architecture), reach)),
      };
    }),
  );
  const ofImages = images.map(async ([image, entry]): Promise<Looked> => {
    const reference = filled(entry.reference, version);
    return { name: image, what: `image ${reference}`, ...(await publishedDigest(reference, reach)) };
  });
  return Promise.all([...ofFiles, ...ofImages]);
}

/** Results of look-ups as entries of a user's lock. Hashes that were not found are `unknown`. */
export function asLock(version: string, looked: readonly Looked[]): Pick<UserLock, "files" | "images"> {
  const entry: Pick<UserLock, "files" | "images"> = { files: {}, images: {} };
  for (const { name, architecture, hash = "unknown" } of looked) {
    if (architecture === undefined) entry.images[name] = { [version]: hash };
    else {
      const hashes = entry.files[name]?.[version] ?? { amd64: "unknown", arm64: "unknown" };
      entry.files[name] = { [version]: { ...hashes, [architecture]: hash } };
    }
  }
  return entry;
}
