import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
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
}

/**
 * Reads a stack's config through the CLI. No state is needed.
 *
 * @throws Error if the stack does not exist, or its secrets can't be read
 */
export async function readConfig(folder: string, stack: string): Promise<ReadConfig> {
  const path = join(folder, `Pulumi.${stack}.yaml`);
  if (!existsSync(path))
    throw new Error(`there is no stack ${stack}: Pulumi.${stack}.yaml does not exist. ${stackAdvice(folder, stack)}`);
  const cli = await findCli((line) => console.error(line));
  const args = ["config", "--json", "--show-secrets", "--stack", stack, "--non-interactive"];
  const env = environmentFor(folder, stack, cli.path);
  const { status, stdout, stderr } = await runCli(cli.path, args, { cwd: folder, env, output: "keep" });
  if (status !== 0) {
    const advice = await suggestion(stderr, folder, stack, async () => []);
    const said = stderr.replaceAll(/^error: /gm, "").trim();
    throw new Error(`the config of stack ${stack} can't be read: ${said}${advice === undefined ? "" : `. ${advice}`}`);
  }
  const entries = Object.entries(JSON.parse(stdout) as Record<string, { value?: string; secret?: boolean }>);
  return {
    values: Object.fromEntries(entries.map(([key, { value = "" }]) => [key, value])),
    secretKeys: entries.filter(([, { secret }]) => secret).map(([key]) => key),
    file: readFileSync(path, "utf8"),
  };
}
