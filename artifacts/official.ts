import { createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type BundleFile, sha256Of } from "./bundle-manifest.ts";
import { type LockedFile, officialSha256 } from "./lock.ts";

// The projects' own release files, checked against the lock.

/**
 * Downloads a file. A download that was cut off goes on where it ended.
 *
 * @throws Error if the server can't be reached, or the file differs from the lock: then nothing of it stays
 */
export async function downloadOfficial(locked: LockedFile, path: string): Promise<BundleFile> {
  const expected = officialSha256(locked);
  const part = `${path}.part`;
  const begun = (await stat(part).catch(() => undefined))?.size ?? 0;
  const response = await request(locked.url, begun === 0 ? {} : { headers: { range: `bytes=${begun}-` } });
  // 416: there is no more of it than what came earlier.
  if (response.status !== 416) {
    if (!response.ok || response.body === null)
      throw new Error(`${locked.url} can't be downloaded: HTTP status ${response.status}`);
    // Any other status than 206 brings the file from its beginning.
    const flags = response.status === 206 ? "a" : "w";
    await pipeline(Readable.fromWeb(response.body), createWriteStream(part, { flags }));
  }
  const sha256 = await sha256Of(part);
  if (sha256 !== expected) {
    await rm(part);
    throw new Error(`${locked.url} is not the file of artifacts/lock.json: expected SHA-256 ${expected}, found ${sha256}`);
  }
  await rename(part, path);
  return { sha256, size: (await stat(path)).size, version: locked.version, origin: "official", from: [locked.url] };
}

/** The bytes of all files together, as their servers say; of a file whose server says nothing, none. */
export async function officialSize(files: readonly LockedFile[]): Promise<number> {
  const sizes = files.map(async ({ url }) => {
    const response = await request(url, { method: "HEAD" }).catch(() => undefined);
    return response?.ok ? Number(response.headers.get("content-length") ?? 0) : 0;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

const request = (url: string, options: RequestInit) =>
  fetch(url, options).catch((error: Error) => {
    throw new Error(`${url} can't be reached: ${(error.cause as Error | undefined)?.message ?? error.message}`);
  });

/** Whether this machine reaches the download sites of the projects: one quick request. */
export async function isOnline(url = "https://dl.k8s.io/release/stable.txt"): Promise<boolean> {
  // Networks without a route to the internet may not answer at all.
  return fetch(url, { signal: AbortSignal.timeout(3000) }).then(
    (response) => response.ok,
    () => false,
  );
}
