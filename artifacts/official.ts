import { createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout } from "node:timers/promises";
import { type BundleFile, sha256Of } from "./bundle-manifest.ts";
import { type LockedFile, officialSha256 } from "./lock.ts";
import { reasonOf } from "./run-program.ts";

// The projects' own release files, checked against the lock.

/** How often a download is begun or continued before it counts as failed, and the milliseconds before the next attempt. */
const ATTEMPTS = 3;
const PAUSE = 1000;

/**
 * Downloads a file. A download that was cut off goes on where it ended.
 *
 * @throws Error if the server can't be reached, or the file differs from the lock: then nothing of it stays
 */
export async function downloadOfficial(locked: LockedFile, path: string): Promise<BundleFile> {
  return downloadPinned(locked, officialSha256(locked), path);
}

/** The same for a file that no list has: its URL and version, and the SHA-256 that it must have. */
export async function downloadPinned(
  locked: Pick<LockedFile, "url" | "version">,
  expected: string,
  path: string,
): Promise<BundleFile> {
  const part = `${path}.part`;
  for (let attempt = 1; ; attempt++) {
    try {
      await downloadRest(locked.url, part);
      break;
    } catch (error) {
      if (!(error instanceof CutOff) || attempt === ATTEMPTS) throw error;
      await setTimeout(PAUSE);
    }
  }
  const sha256 = await sha256Of(part);
  if (sha256 !== expected) {
    await rm(part);
    throw new Error(`${locked.url} is not the file of artifacts/lock.json: expected SHA-256 ${expected}, found ${sha256}`);
  }
  await rename(part, path);
  return { sha256, size: (await stat(path)).size, version: locked.version, origin: "official", from: [locked.url] };
}

class CutOff extends Error {}

/** Brings what a part lacks of the file at a URL. */
async function downloadRest(url: string, part: string): Promise<void> {
  const begun = await sizeOf(part);
  const response = await request(url, begun === 0 ? {} : { headers: { range: `bytes=${begun}-` } });
  // 416: there is no more of it than what came earlier.
  if (response.status === 416 && begun > 0) return;
  if (!response.ok || response.body === null) throw new Error(`${url} can't be downloaded: HTTP status ${response.status}`);
  // Any other status than 206 brings the file from its beginning.
  const out = createWriteStream(part, { flags: response.status === 206 ? "a" : "w" });
  const body = Readable.fromWeb(response.body);
  let cut: Error | undefined;
  body.on("error", (error) => {
    cut = error;
  });
  try {
    await pipeline(body, out);
  } catch (error) {
    // A full disk is told as it is.
    if (cut === undefined || cut !== error) throw new Error(`${part} can't be written: ${(error as Error).message}`);
    throw new CutOff(`${url} was cut off after ${await sizeOf(part)} bytes (${reasonOf(cut)}): run this again, it goes on there`);
  }
}

const sizeOf = async (path: string) => (await stat(path).catch(() => undefined))?.size ?? 0;

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
    throw new Error(`${url} can't be reached: ${reasonOf(error)}`);
  });

/** Whether this machine reaches the download sites of the projects: one quick request. */
export async function isOnline(url = "https://dl.k8s.io/release/stable.txt"): Promise<boolean> {
  // Networks without a route to the internet may not answer at all.
  return fetch(url, { signal: AbortSignal.timeout(3000) }).then(
    (response) => response.ok,
    () => false,
  );
}
