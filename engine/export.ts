import { secretSignature, signature } from "../plugins/value.ts";
import { findCli } from "./cli.ts";
import { environmentFor } from "./environment.ts";
import { runCli } from "./pulumi.ts";
import { suggestion } from "./refusals.ts";

/** A resource of a stack's state, with secrets in clear text. */
export interface StateResource {
  urn: string;
  type: string;
  custom?: boolean;
  delete?: boolean;
  pendingReplacement?: boolean;
  retainOnDelete?: boolean;
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
}

/** A stack's state. */
export interface State {
  resources: StateResource[];
  /** Steps that a killed run left, or that a running one is performing. */
  pending: number;
}

/**
 * Reads a stack's state through the CLI, from any backend, with every secret in clear text: it must not leave this process.
 *
 * @throws Error with the CLI's message if the stack does not exist or its secrets can't be read
 */
export async function readState(folder: string, stack: string): Promise<State> {
  const stdout = await printed(folder, stack, ["stack", "export", "--show-secrets"], "state");
  const { deployment } = JSON.parse(stdout);
  const resources = (deployment?.resources ?? []) as StateResource[];
  return {
    resources: resources.map(({ inputs = {}, outputs = {}, ...rest }) => ({
      ...rest,
      inputs: clear(inputs),
      outputs: clear(outputs),
    })),
    pending: (deployment?.pending_operations ?? []).length,
  };
}

/**
 * Reads a stack's config through the CLI: values by full key, mappings as JSON, secrets in clear text that must not leave this process.
 *
 * @throws Error with the CLI's message if the stack does not exist or its secrets can't be read
 */
export async function readConfig(folder: string, stack: string): Promise<Record<string, string>> {
  const stdout = await printed(folder, stack, ["config", "--show-secrets", "--json"], "config");
  const entries = Object.entries(JSON.parse(stdout) as Record<string, { value?: string; objectValue?: unknown }>);
  return Object.fromEntries(
    entries.map(([key, { value, objectValue }]) => [
      key,
      objectValue === undefined ? (value ?? "") : JSON.stringify(objectValue),
    ]),
  );
}

/** What a command of the CLI prints about a stack. @throws Error with the CLI's message */
async function printed(folder: string, stack: string, words: readonly string[], what: string): Promise<string> {
  const cli = await findCli((line) => console.error(line));
  const { status, stdout, stderr } = await runCli(cli.path, [...words, "--stack", stack, "--non-interactive"], {
    cwd: folder,
    env: environmentFor(folder, stack, cli.path),
    output: "keep",
  });
  if (status === 0) return stdout;
  const advice = await suggestion(stderr, folder, stack, async () => []);
  const said = stderr.replaceAll(/^error: /gm, "").trim();
  throw new Error(`the ${what} of stack ${stack} can't be read: ${said}${advice === undefined ? "" : `. ${advice}`}`);
}

/** A value without the marks of its secrets. */
function clear<T>(value: T): T {
  if (Array.isArray(value)) return value.map(clear) as T;
  if (typeof value !== "object" || value === null) return value;
  const marked = value as Record<string, unknown>;
  if (marked[signature] === secretSignature) return clear(JSON.parse(String(marked.plaintext)));
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, clear(inner)])) as T;
}
