import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { parse } from "yaml";

// What the CLI is told beside its arguments: the backend, the passphrase, and the Node that strips types.

/** The stack of who names none. Its passphrase is made here and kept beside the program, git-ignored: it is a throw-away one. */
export const defaultStack = "dev";

/** A project folder as far as the front end reads it; the CLI reads the rest. */
export interface StackFile {
  /** Absent: there is no Pulumi.<stack>.yaml. */
  text?: string;
  /** Whether its hosts are throw-away ones on this machine. */
  isLab: boolean;
  /** Whether the passphrase opens its secrets; another secrets provider needs none. */
  usesPassphrase: boolean;
}

/** Pulumi.<stack>.yaml. A file that is no YAML reads as one without a word: the CLI says what is wrong with it. */
export function readStackFile(folder: string, stack: string): StackFile {
  const path = join(folder, `Pulumi.${stack}.yaml`);
  if (!existsSync(path)) return { isLab: false, usesPassphrase: true };
  const text = readFileSync(path, "utf8");
  let yaml: { config?: Record<string, { provider?: unknown }>; secretsprovider?: string } | null = null;
  try {
    yaml = parse(text);
  } catch {
    // Said by the CLI.
  }
  const provider = yaml?.secretsprovider;
  return {
    text,
    isLab: yaml?.config?.["ha-kubernetes:cluster"]?.provider === "lab",
    usesPassphrase: provider === undefined || provider === "passphrase",
  };
}

/** The environment of the CLI for a stack. @throws Error where the stack's passphrase is missing or empty. */
export function environmentFor(folder: string, stack: string, cli: string): NodeJS.ProcessEnv {
  const backend = backendUrl(folder);
  return {
    ...process.env,
    // Its language host, where it has one, and the Node that strips types itself.
    PATH: [join(folder, "node_modules", ".bin"), dirname(cli), process.env.PATH ?? ""].join(delimiter),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    ...(backend !== undefined && { PULUMI_BACKEND_URL: backend }),
    ...passphrase(folder, stack, backend),
  };
}

/**
 * Where the state is. PULUMI_BACKEND_URL says it, else Pulumi.yaml, else the folder `state` where that holds stacks already, else
 * whatever `pulumi login` chose, else the folder `state`, which is made. Undefined: the CLI finds it itself.
 */
function backendUrl(folder: string): string | undefined {
  if (process.env.PULUMI_BACKEND_URL) return process.env.PULUMI_BACKEND_URL;
  const project = parse(readFileSync(join(folder, "Pulumi.yaml"), "utf8"));
  if (project?.backend?.url) return undefined;
  const own = join(folder, "state");
  if (!existsSync(join(own, ".pulumi")) && isLoggedIn()) return undefined;
  mkdirSync(own, { recursive: true });
  // Without the file of attributes that would stand beside each: nothing reads them, and the CLI writes the state at every step.
  return `file://${own}?metadata=skip`;
}

function isLoggedIn(): boolean {
  const file = join(process.env.PULUMI_HOME || join(homedir(), ".pulumi"), "credentials.json");
  if (process.env.PULUMI_ACCESS_TOKEN) return true;
  return existsSync(file) && Boolean(JSON.parse(readFileSync(file, "utf8")).current);
}

function passphrase(folder: string, stack: string, backend: string | undefined): NodeJS.ProcessEnv {
  const { PULUMI_CONFIG_PASSPHRASE: direct, PULUMI_CONFIG_PASSPHRASE_FILE: file } = process.env;
  if (direct === "") throw new Error("PULUMI_CONFIG_PASSPHRASE is empty: secrets would be readable by anyone. Set a real one");
  if (direct !== undefined || file) return {};
  if (stack === defaultStack) return { PULUMI_CONFIG_PASSPHRASE_FILE: ownPassphrase(folder) };
  // Pulumi Cloud and keys of a cloud need none; on a terminal the CLI asks.
  const isCloud = backend === undefined || /^https?:/.test(backend);
  if (isCloud || !readStackFile(folder, stack).usesPassphrase || process.stdin.isTTY) return {};
  throw new Error(
    `stack ${stack} needs a passphrase for its secrets: set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE to a file that holds it`,
  );
}

/** The file with the default stack's passphrase, made at random where there is none. */
function ownPassphrase(folder: string): string {
  const path = join(folder, ".passphrase");
  if (!existsSync(path)) writeFileSync(path, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  if (readFileSync(path, "utf8").trim() === "") throw new Error(`${path} is empty: secrets would be readable by anyone`);
  return path;
}
