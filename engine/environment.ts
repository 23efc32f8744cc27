import { randomBytes } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { parse } from "yaml";
import { defaultStack } from "./arguments.ts";

// The CLI's environment: the backend, the passphrase, and the Node that strips types.

/** The part of Pulumi.<stack>.yaml that the front end reads; the CLI reads the rest. */
export interface StackFile {
  exists: boolean;
  /** Whether its hosts are throw-away hosts on this machine. */
  isLab: boolean;
  /** Whether the passphrase opens its secrets; another secrets provider needs none. */
  usesPassphrase: boolean;
}

/** Reads Pulumi.<stack>.yaml. @throws Error that names the file if it is not YAML */
export function readStackFile(folder: string, stack: string): StackFile {
  const name = `Pulumi.${stack}.yaml`;
  if (!existsSync(join(folder, name))) return { exists: false, isLab: false, usesPassphrase: true };
  let yaml: { config?: Record<string, { provider?: unknown }>; secretsprovider?: string } | null;
  const text = readText(join(folder, name), name);
  try {
    // Any number of hosts may use an anchor; the CLI, which reads the file too, has its own limit against files that explode.
    yaml = parse(text, { maxAliasCount: -1, merge: true });
  } catch (error) {
    const why = (error as Error).message.trim();
    if (why.includes("multiple documents"))
      throw new Error(`${name} holds several documents, separated by ---: only one is read`, { cause: error });
    throw new Error(`${name} is not valid YAML: ${why}`, { cause: error });
  }
  const provider = yaml?.secretsprovider;
  return {
    exists: true,
    isLab: yaml?.config?.["ha-kubernetes:cluster"]?.provider === "lab",
    usesPassphrase: provider === undefined || provider === "passphrase",
  };
}

/** A file's text. @throws Error that calls the file `what` if it can't be read */
function readText(path: string, what: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(`${what} can't be read: ${(error as Error).message}`, { cause: error });
  }
}

/** The stacks that have a file here, sorted. */
export const stacksHere = (folder: string): string[] =>
  globSync("Pulumi.*.yaml", { cwd: folder })
    .map((file) => file.slice("Pulumi.".length, -".yaml".length))
    .sort();

/** The file with the default stack's passphrase, git-ignored: that stack is a throw-away one. */
export const passphraseFile = (folder: string): string => join(folder, ".passphrase");

/** The environment of the CLI for a stack. @throws Error if the stack's passphrase is missing or empty. */
export function environmentFor(folder: string, stack: string, cli: string): NodeJS.ProcessEnv {
  const backend = backendUrl(folder);
  return {
    ...process.env,
    // The CLI's language host, if it has one, and the Node that strips types itself.
    PATH: [join(folder, "node_modules", ".bin"), dirname(cli), process.env.PATH ?? ""].join(delimiter),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    ...(backend !== undefined && { PULUMI_BACKEND_URL: backend }),
    ...passphrase(folder, stack, backend),
  };
}

/**
 * Where the state is. The first of these wins: PULUMI_BACKEND_URL; Pulumi.yaml; the folder `state` if it already holds stacks; the
 * backend that `pulumi login` chose; the folder `state`, which is created. Undefined: the CLI finds it itself.
 */
function backendUrl(folder: string): string | undefined {
  if (process.env.PULUMI_BACKEND_URL) return process.env.PULUMI_BACKEND_URL;
  const project = parse(readFileSync(join(folder, "Pulumi.yaml"), "utf8"));
  if (project?.backend?.url) return undefined;
  const own = join(folder, "state");
  if (!existsSync(join(own, ".pulumi")) && isLoggedIn()) return undefined;
  mkdirSync(own, { recursive: true });
  // Without the file of attributes beside each state file: nothing reads it, and the CLI writes the state at every step.
  return `file://${own}?metadata=skip`;
}

function isLoggedIn(): boolean {
  const file = join(process.env.PULUMI_HOME || join(homedir(), ".pulumi"), "credentials.json");
  if (process.env.PULUMI_ACCESS_TOKEN) return true;
  return existsSync(file) && Boolean(JSON.parse(readFileSync(file, "utf8")).current);
}

function passphrase(folder: string, stack: string, backend: string | undefined): NodeJS.ProcessEnv {
  const { PULUMI_CONFIG_PASSPHRASE: direct, PULUMI_CONFIG_PASSPHRASE_FILE: file } = process.env;
  if (direct !== undefined) refuseEmpty(direct, "PULUMI_CONFIG_PASSPHRASE");
  else if (file) refuseEmpty(readText(file, `PULUMI_CONFIG_PASSPHRASE_FILE, ${file},`), file);
  if (direct !== undefined || file) return {};
  if (stack === defaultStack) return { PULUMI_CONFIG_PASSPHRASE_FILE: ownPassphrase(folder) };
  // Pulumi Cloud and a cloud's key service need no passphrase; on a terminal the CLI asks.
  const isCloud = backend === undefined || /^https?:/.test(backend);
  const { exists, usesPassphrase } = readStackFile(folder, stack);
  if (isCloud || !exists || !usesPassphrase || process.stdin.isTTY) return {};
  throw new Error(
    `stack ${stack} needs a passphrase for its secrets: set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE to a file that holds it`,
  );
}

function refuseEmpty(text: string, source: string): void {
  if (text.trim() === "")
    throw new Error(`the passphrase from ${source} is empty: anyone could read the secrets. Set a real one`);
}

/** Creates a random passphrase for the default stack if there is none yet. */
function ownPassphrase(folder: string): string {
  const path = passphraseFile(folder);
  if (!existsSync(path)) writeFileSync(path, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  refuseEmpty(readFileSync(path, "utf8"), path);
  return path;
}
