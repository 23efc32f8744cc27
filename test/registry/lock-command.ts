import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { lock } from "../../artifacts/lock.ts";
import { USER_LOCK } from "../../config/versions.ts";
import type { LabHost } from "../harness/lab.ts";
import { type Result, run } from "../harness/process.ts";
import { architecture, type Release } from "./published.ts";
import { publishText } from "./servers.ts";

// `npm run lock` against the servers of these tests, and etcd's checksums there.

const root = new URL("../../", import.meta.url).pathname;

/** The made-up hash of a file that this machine lacks. */
const hashFor = (name: string) => createHash("sha256").update(name).digest("hex");

/** Publishes the hashes of a release of etcd as its project does: one file with those of all of its files. */
async function publishSums(host: LabHost, { version, sha256, file }: Release): Promise<void> {
  const url = (lock.files.etcd.checksums as string).replaceAll("{version}", version);
  const names = ["darwin-amd64.zip", "linux-amd64.tar.gz", "linux-arm64.tar.gz"].map((end) => `etcd-v${version}-${end}`);
  const lines = names.map((name) => `${name === basename(file.url) ? sha256 : hashFor(name)}  ${name}\n`);
  await publishText(host, url, lines.join(""));
}

/** The hashes of a release as a lock has them. */
const asHashes = ({ version, sha256 }: Release) => ({
  ...Object.fromEntries(["amd64", "arm64"].map((it) => [it, hashFor(`etcd-v${version}-linux-${it}.tar.gz`)])),
  [architecture]: sha256,
});

/** The command of a user whose lock lies beside the tests' own, and who finds these sites at this address. */
export class LockCommand {
  /** The user's lock. */
  readonly file: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #reach: readonly string[];

  constructor(ownLock: string, ca: string, sites: readonly string[], address: string) {
    this.file = join(dirname(ownLock), USER_LOCK);
    this.#environment = { HA_KUBERNETES_TEST_LOCK: ownLock };
    writeFileSync(`${ownLock}.ca.pem`, ca);
    this.#reach = ["--ca", `${ownLock}.ca.pem`, ...sites.flatMap((site) => ["--connect", `${site}:443=${address}:443`])];
  }

  add(name: string, version: string): Promise<Result> {
    const args = ["engine/launch.mjs", "run", "test/registry/engine.ts", "lock", "add", name, version, ...this.#reach];
    return run(process.execPath, args, { cwd: root, env: this.#environment, limitSeconds: 120 });
  }
}

/** A look-up of the next version writes the user's lock. One that finds nothing, or another hash than the known one, writes nothing. */
export async function assertLookUps(command: LockCommand, servers: LabHost, known: Release, next: Release): Promise<void> {
  const wrong = "bad0".repeat(16);
  const refused = async (version: string, ...words: string[]) => {
    const { status, text } = await command.add("etcd", version);
    assert.equal(status, 1, text);
    assert.match(text, /ERROR: nothing was written/);
    for (const word of words) assert.ok(text.includes(word), `${word}: ${text}`);
  };
  await refused(next.version, `nothing of etcd ${next.version} is published`);
  await publishSums(servers, { ...known, sha256: wrong });
  await refused(known.version, `etcd ${known.version} for ${architecture} is ${wrong}`, known.sha256);
  assert.ok(!existsSync(command.file));

  await publishSums(servers, next);
  const { status, text } = await command.add("etcd", next.version);
  assert.equal(status, 0, text);
  const written = readFileSync(command.file, "utf8");
  assert.deepEqual(JSON.parse(written), { files: { etcd: { [next.version]: asHashes(next) } }, images: {}, recommended: {} });
  await publishSums(servers, { ...next, sha256: wrong });
  await refused(next.version, `etcd ${next.version} for ${architecture} is ${wrong}`, next.sha256);
  assert.equal(readFileSync(command.file, "utf8"), written);
}
