import { createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type BundleFile, sha256Of } from "./bundle-manifest.ts";
import { type LockedFile, officialSha256 } from "./lock.ts";

// The projects' own release files, checked against the lock.

/** Downloads a file. Throws and leaves nothing behind if the download fails or the file differs from the lock. */
export async function downloadOfficial(locked: LockedFile, path: string): Promise<BundleFile> {
  const expected = officialSha256(locked);
  const part = `${path}.part`;
  const response = await fetch(locked.url).catch((error: Error) => {
    throw new Error(`${locked.url} can't be reached: ${(error.cause as Error | undefined)?.message ?? error.message}`);
  });
  if (!response.ok || response.body === null)
    throw new Error(`${locked.url} can't be downloaded: HTTP status ${response.status}`);
  await pipeline(Readable.fromWeb(response.body), createWriteStream(part));
  const sha256 = await sha256Of(part);
  if (sha256 !== expected) {
    await rm(part);
    throw new Error(`${locked.url} is not the file of artifacts/lock.json: expected SHA-256 ${expected}, found ${sha256}`);
  }
  await rename(part, path);
  return { sha256, size: (await stat(path)).size, version: locked.version, origin: "official", from: [locked.url] };
}

/** Whether this machine reaches the download sites of the projects: one quick request. */
export async function isOnline(url = "https://dl.k8s.io/release/stable.txt"): Promise<boolean> {
  // Networks without a route to the internet may not answer at all.
  return fetch(url, { signal: AbortSignal.timeout(3000) }).then(
    (response) => response.ok,
    () => false,
  );
}
