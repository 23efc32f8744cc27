import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { findCli } from "./cli.ts";
import { environmentFor } from "./environment.ts";
import { runCli } from "./pulumi.ts";
import { stackAdvice, suggestion } from "./refusals.ts";

/** A stack's config as the program gets it, with secrets in clear text: it must not leave this process. */
export interface ReadConfig {
  /** Values by full key; mappings as JSON. */
  values: Record<string, string>;
  /** The full keys that are encrypted in the stack's file. */
  secretKeys: string[];
  /** The text of Pulumi.<stack>.yaml. */
  file: string;
  /** Whether the backend has the stack; it has none before the first `up` or `config set`. */
  exists: boolean;
}

/**
 * Reads a stack's config through the CLI, or from its file where the backend has no such stack yet. No state is needed.
 *
 * @throws Error if the stack does not exist, or its secrets can't be read
 */
export async function readConfig(folder: string, stack: string): Promise<ReadConfig> {
  const path = join(folder, `Pulumi.${stack}.yaml`);
  if (!existsSync(path))
    throw new Error(`there is no stack ${stack}: Pulumi.${stack}.yaml does not exist. ${stackAdvice(folder, stack)}`);
  const file = readFileSync(path, "utf8");
  const cli = await findCli((line) => console.error(line));
  const args = ["config", "--json", "--show-secrets", "--stack", stack, "--non-interactive"];
  const env = environmentFor(folder, stack, cli.path);
  const { status, stdout, stderr } = await runCli(cli.path, args, { cwd: folder, env, output: "keep" });
  // Only a stack that exists has encrypted values.
  if (status !== 0 && /no stack named/.test(stderr) && !/^\s*secure:/m.test(file)) return fromFile(file);
  if (status !== 0) {
    const advice = await suggestion(stderr, folder, stack, async () => []);
    const said = stderr.replaceAll(/^error: /gm, "").trim();
    throw new Error(`the config of stack ${stack} can't be read: ${said}${advice === undefined ? "" : `. ${advice}`}`);
  }
  const entries = Object.entries(JSON.parse(stdout) as Record<string, { value?: string; secret?: boolean }>);
  return {
    values: Object.fromEntries(entries.map(([key, { value = "" }]) => [key, value])),
    secretKeys: entries.filter(([, { secret }]) => secret).map(([key]) => key),
    file,
    exists: true,
  };
}

function fromFile(file: string): ReadConfig {
  const config = (parse(file, { maxAliasCount: -1, merge: true })?.config ?? {}) as Record<string, unknown>;
  const values = Object.entries(config).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]);
  return { values: Object.fromEntries(values), secretKeys: [], file, exists: false };
}
