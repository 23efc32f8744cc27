import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { parseDocument } from "yaml";
import { bastionsIn } from "../config/bastions.ts";
import { type LoginSecrets, readHostLogins } from "../config/host-logins.ts";
import { parseCluster } from "../config/parse.ts";
import { problemsText } from "../config/problems.ts";
import type { Cluster } from "../config/schema.ts";
import { fullKey } from "../config/stack-config.ts";
import { defaultStack } from "../engine/arguments.ts";
import { readConfig } from "../engine/export.ts";
import { SshPool } from "../plugins/ssh-pool.ts";
import { known } from "../providers/index.ts";
import { type Place, scan, scannedLines, verdict, wantedPlaces, writeKeys } from "./host-keys.ts";

// `npm run hosts:scan`: reads the host keys of a stack's hosts and writes them into its file.

const usage = `npm run hosts:scan -- [options] [HOST...]

Reads the public SSH key of each host and bastion of a stack, shows its fingerprint, asks, and writes it as hostKey into
Pulumi.STACK.yaml. Hosts behind bastions are reached through them, with the stack's secrets. Writes nothing else.
Compare each fingerprint with the one that the host itself shows: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub

  HOST           names of hosts or bastions (default: all)
  --stack NAME   the stack (default ${defaultStack})
  --yes          write without a question: only where nobody can be between
  --replace      write also where the file has another key
  --help         this text

Exit status: 0 every key is in the file, 1 one is not, 2 the stack could not be read.`;

interface Options {
  stack: string;
  yes: boolean;
  replace: boolean;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      stack: { type: "string", short: "s", default: defaultStack },
      yes: { type: "boolean", short: "y", default: false },
      replace: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const file = `Pulumi.${values.stack}.yaml`;
  const cluster = readCluster(file);
  const { bastions, hosts } = wantedPlaces(cluster, positionals);
  const secrets = hosts.some(({ way }) => way.length > 0) ? await readSecrets(values.stack) : {};
  const pool = new SshPool();
  let complete = true;
  try {
    // A bastion gets a login only once its key is known.
    for (const places of [...bastions.map((it) => [it]), hosts])
      complete = (await scanAll(places, { file, cluster, secrets, pool, ...values })) && complete;
  } finally {
    await pool.close();
  }
  return complete ? 0 : 1;
}

/** The cluster of a stack's file, whose host keys may still be missing. @throws Error naming every other problem */
function readCluster(file: string): Cluster {
  const value = readDocument(file).toJS({ maxAliasCount: -1 })?.config?.[fullKey("cluster")];
  if (value === undefined) throw new Error(`${file} has no config → ${fullKey("cluster")}: examples/ has whole ones`);
  const open = { ...value, ssh: { ...value?.ssh, acceptAnyHostKey: true } };
  const parsed = parseCluster(open, known);
  if (!parsed.ok) throw new Error(problemsText(`${file} can't be used, and nothing was touched`, parsed.problems));
  const { provider, traits } = parsed.cluster;
  if (traits.createsHosts) throw new Error(`provider ${provider} makes the hosts and their keys: there is nothing to scan`);
  return parsed.cluster;
}

function readDocument(file: string) {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new Error(`${file} can't be read: ${(error as Error).message}`, { cause: error });
  }
  const document = parseDocument(text, { merge: true });
  const [error] = document.errors;
  if (error) throw new Error(`${file} is not valid YAML: ${error.message}`);
  return document;
}

/** What logs in at bastions. */
async function readSecrets(stack: string): Promise<LoginSecrets> {
  const values = await readConfig(resolve("."), stack);
  const of = (key: "sshPrivateKey" | "sshKeyPassphrase" | "sshPassword" | "sshLogins") => values[fullKey(key)];
  const logins = of("sshLogins");
  return {
    ...{ sshPrivateKey: of("sshPrivateKey"), sshKeyPassphrase: of("sshKeyPassphrase"), sshPassword: of("sshPassword") },
    ...(logins !== undefined && { sshLogins: readHostLogins(logins) }),
  };
}

interface Work extends Options {
  file: string;
  cluster: Cluster;
  secrets: LoginSecrets;
  pool: SshPool;
}

/** Scans places, shows them, and writes the new ones. @returns Whether the file has the key of each now */
async function scanAll(places: readonly Place[], work: Work): Promise<boolean> {
  if (places.length === 0) return true;
  const scanned = await Promise.all(places.map((place) => scan(place, work.secrets, work.pool)));
  for (const line of scannedLines(scanned, work.replace)) console.log(line);
  const read = scanned.filter((one) => "key" in one);
  const writable = read.filter((one) => verdict(one) === "new" || (work.replace && verdict(one) === "different"));
  const isAgreed = writable.length > 0 && (await agrees(writable.length, work));
  if (isAgreed) write(writable, work);
  return scanned.every((one) => "key" in one && (verdict(one) === "same" || (isAgreed && writable.includes(one))));
}

async function agrees(count: number, { file, yes }: Work): Promise<boolean> {
  const what = `${count} host key${count === 1 ? "" : "s"}`;
  if (yes) return true;
  if (!process.stdin.isTTY) throw new Error(`nobody is there to compare ${what}: nothing was written; --yes writes them`);
  const prompt = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await prompt.question(`Do the fingerprints agree with those that the hosts show? Write ${what}? (yes/no) `);
  prompt.close();
  if (answer.trim() !== "yes") console.log(`${file} stays as it is`);
  return answer.trim() === "yes";
}

function write(keys: readonly { place: Place; key: string }[], { file, cluster }: Work): void {
  const text = writeKeys(readFileSync(file, "utf8"), keys);
  writeFileSync(`${file}.new`, text, { mode: statSync(file).mode & 0o777 });
  renameSync(`${file}.new`, file);
  // The next login through a bastion verifies the key.
  for (const { place, key } of keys)
    for (const { name, bastion } of bastionsIn(cluster.ssh))
      if (name === place.name && place.path[0] === "ssh") bastion.hostKey = key;
  console.log(`wrote ${keys.map(({ place }) => place.name).join(", ")} to ${file}`);
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`error: ${(error as Error).message}`);
  process.exitCode = 2;
}
