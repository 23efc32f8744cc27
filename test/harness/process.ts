import { spawn } from "node:child_process";

/** How a program ended and what it said. */
export interface Result {
  /** Exit status; 128 plus the signal's number where a signal ended it. */
  status: number;
  stdout: string;
  stderr: string;
  /** Both in the order in which they came. */
  text: string;
}

export interface RunOptions {
  input?: string;
  env?: Readonly<Record<string, string>>;
  cwd?: string;
  /** The whole process group is killed then, which gives status 137. Default: no limit. */
  limitSeconds?: number;
  /** Called once the program runs, with its process id (which is its group's too). */
  started?: (pid: number) => void;
  /** Called with each piece of output. */
  said?: (piece: string) => void;
}

const signals: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/** Runs a program in a process group of its own and collects what it says. Never throws for its exit status. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { detached: true, cwd: options.cwd, env: { ...process.env, ...options.env } });
    const chunks: { stdout: string; stderr: string; text: string } = { stdout: "", stderr: "", text: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (chunk: string) => {
        chunks[name] += chunk;
        chunks.text += chunk;
        options.said?.(chunk);
      });
    }
    const limit =
      options.limitSeconds && setTimeout(() => process.kill(-(child.pid as number), "SIGKILL"), options.limitSeconds * 1000);
    child.on("error", reject);
    child.on("spawn", () => options.started?.(child.pid as number));
    child.on("close", (code, signal) => {
      if (limit) clearTimeout(limit);
      resolve({ status: code ?? 128 + (signals[signal ?? ""] ?? 0), ...chunks });
    });
    // A program that ends early does not read all of its input.
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
  });
}

/** Runs a program that must succeed and returns its standard output. Throws its output if it fails. */
export async function must(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await run(program, args, options);
  if (result.status !== 0) {
    throw new Error(`${program} ${args.join(" ").slice(0, 300)} ended with ${result.status}:\n${result.text.slice(-4000)}`);
  }
  return result.stdout;
}

/**
 * Polls until `check` returns a value other than undefined or false, and returns it. An error of `check` counts as not yet. Between two
 * checks is as much time as one takes, 0.2 to 5 s: on a slow host they would take the time of what they wait for.
 * At the deadline it throws, with what it waited for and the result of the last check.
 */
export async function eventually<T>(
  what: string,
  seconds: number,
  check: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    let last: unknown = "not yet";
    const began = Date.now();
    try {
      const value = await check();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      last = error instanceof Error ? error.message : error;
    }
    if (Date.now() >= end) throw new Error(`gave up after ${seconds} s waiting for ${what}: ${last}`);
    const took = Date.now() - began;
    await new Promise((resolve) => setTimeout(resolve, Math.min(Math.max(took, 200), 5000)));
  }
}
