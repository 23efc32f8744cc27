import type { CommandLine } from "./arguments.ts";
import { type Run, runCli } from "./pulumi.ts";
import { outputLines } from "./summary.ts";

/** Whether a command line asks for all outputs in readable form: the CLI itself prints each in one line, however long. */
export const asksForOutputs = ({ args, words }: CommandLine): boolean =>
  words.join(" ") === "stack output" && !args.some((arg) => /^(-j|--json|--shell|--output)(=|$)/.test(arg));

/** Prints all outputs that users need, or the CLI's message if it refuses. */
export async function showOutputs(path: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Run> {
  const run = await runCli(path, [...args, "--json"], { cwd, env, output: "keep" });
  process.stderr.write(run.stderr);
  if (run.status === 0) for (const line of outputLines(JSON.parse(run.stdout))) console.log(line);
  return run;
}
