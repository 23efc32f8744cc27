import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { setGlobalProxyFromEnv } from "node:http";
import { join } from "node:path";
import { reasonOf } from "../artifacts/run-program.ts";

/**
 * The release that is downloaded, with the SHA-256 of its archives as published on its release page (pulumi/pulumi, 2026-08). Not the
 * newest: a release counts here once its checksums are known from a source other than the download itself.
 */
const release = {
  version: "3.259.0",
  sha256: {
    "linux-x64": "94ba357acac23d01474084c4b00098dc0f7bc70ce13f34c777459254a5f718e5",
    "linux-arm64": "edc8327463a72160bb36cf82cf5062da9c8a244290a706d9980988e7bf486853",
  } as Readonly<Record<string, string>>,
};

/** Milliseconds for the server's first answer: without internet, this is how long the user waits for the error. */
const patience = 10_000;

/**
 * Downloads Pulumi's own release, language hosts and all, into the cache.
 *
 * @throws Error if there is none for this machine, the server can't be reached, or the archive has another SHA-256
 */
export async function download(cache: string, say: (line: string) => void): Promise<void> {
  const { version } = release;
  const platform = `${process.platform}-${process.arch}`;
  const expected = release.sha256[platform];
  if (expected === undefined) throw new Error(`no download of the Pulumi CLI is known for ${platform}`);
  const target = join(cache, `v${version}`);
  if (existsSync(target)) return;
  const base = process.env.HA_KUBERNETES_PULUMI_DOWNLOADS || "https://get.pulumi.com/releases/sdk";
  // The proxies of HTTPS_PROXY and NO_PROXY, for this download alone: the engine speaks to hosts in the same process.
  const restore = setGlobalProxyFromEnv();
  const archive = await fetched(`${base}/pulumi-v${version}-${platform}.tar.gz`, say).finally(restore);
  const actual = createHash("sha256").update(archive).digest("hex");
  if (actual !== expected)
    throw new Error(`the download of the Pulumi CLI ${version} has SHA-256 ${actual}, not ${expected}: it is not used`);
  mkdirSync(cache, { recursive: true });
  // Unpacked beside its final place and renamed: a partial download never counts as a CLI.
  const folder = mkdtempSync(join(cache, "download-"));
  try {
    writeFileSync(join(folder, "archive"), archive);
    mkdirSync(join(folder, "whole"));
    execFileSync("tar", ["-xzf", join(folder, "archive"), "-C", join(folder, "whole")]);
    renameSync(join(folder, "whole"), target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fetched(url: string, say: (line: string) => void): Promise<Buffer> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), patience);
  let response: Response;
  try {
    response = await fetch(url, { signal: silence.signal });
  } catch (error) {
    const why = silence.signal.aborted ? `no answer in ${patience / 1000} s` : reasonOf(error as Error);
    throw new Error(`Pulumi's download can't be reached (${why})`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
  if (!response.ok) throw new Error(`Pulumi's download answered ${response.status} for ${url}`);
  say(`downloading the Pulumi CLI ${release.version}: ${url}`);
  const body = await response.arrayBuffer().catch((error: Error) => {
    throw new Error(`${url} was cut off (${reasonOf(error)}): run this again`);
  });
  return Buffer.from(body);
}
