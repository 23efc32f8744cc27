import { spawn } from "node:child_process";

/** The result of a script of the lab. */
export interface Result {
  status: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs a script of the lab, `lab/<script>` with these arguments, and waits for it. Needs root.
 * `input` goes to its stdin; secrets belong there.
 */
export function runScript(script: string, args: readonly string[], input: string | Buffer = ""): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn("bash", [new URL(`../../lab/${script}`, import.meta.url).pathname, ...args], { stdio: "pipe" });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk) => stdout.push(chunk));
    child.stderr.on("data", (chunk) => stderr.push(chunk));
    child.on("error", reject);
    child.on("close", (status) =>
      resolve({ status: status ?? -1, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }),
    );
    // A script that ends before it has read everything reports the reason itself.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

/** Like `runScript`, but throws the script's stderr if it fails. Returns its stdout. */
export async function mustRunScript(script: string, args: readonly string[], input: string | Buffer = ""): Promise<string> {
  const result = await runScript(script, args, input);
  if (result.status !== 0) throw new Error(`lab/${script} ${args.join(" ")}: status ${result.status}: ${result.stderr.trim()}`);
  return result.stdout;
}
