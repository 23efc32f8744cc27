import { spawn } from "node:child_process";

// Runs the CLI as a child process. Its stderr is shown as it comes, and kept, because it says why the CLI refuses.

/** How a run of the CLI ended. */
export interface Run {
  /** Exit status; 128 plus the signal's number if a signal ended it. */
  status: number;
  stderr: string;
  /** Empty if it was shown. */
  stdout: string;
}

export interface RunOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** `show`: output goes to this process's own output, a terminal stays a terminal. `keep`: nothing is shown. */
  output: "show" | "keep";
  /** Lines of stderr that are held back, because the caller may handle them. Default: none. */
  hold?: RegExp;
  /** Text for its standard input. Default: this process's own if output is shown, or nothing. */
  input?: string | Buffer;
}

const signals: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/** Runs the CLI until it exits. Never throws because of its exit status. */
export function runCli(path: string, args: readonly string[], { cwd, env, output, hold, input }: RunOptions): Promise<Run> {
  return new Promise((resolve, reject) => {
    const shows = output === "show";
    const stdin = input !== undefined ? "pipe" : shows ? "inherit" : "ignore";
    // Only a terminal is inherited: a closed pipe would end the CLI half done.
    const direct = shows && process.stdout.isTTY;
    const child = spawn(path, args, { cwd, env, stdio: [stdin, direct ? "inherit" : "pipe", "pipe"] });
    const kept = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    child.stdout?.on("data", (chunk: Buffer) => (shows ? process.stdout.write(chunk) : kept.stdout.push(chunk)));
    child.stderr?.on("data", (chunk: Buffer) => {
      kept.stderr.push(chunk);
      if (shows && !hold?.test(chunk.toString())) process.stderr.write(chunk);
    });
    // A terminal signals the CLI itself; a second signal would make it quit at once.
    const pass = (signal: NodeJS.Signals) => {
      if (!process.stdin.isTTY) child.kill(signal);
    };
    const passed = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
    for (const signal of passed) process.on(signal, pass);
    child.once("error", (error) => reject(new Error(`the Pulumi CLI ${path} can't be run: ${error.message}`, { cause: error })));
    child.once("close", (code, signal) => {
      for (const one of passed) process.off(one, pass);
      const text = (stream: Buffer[]) => Buffer.concat(stream).toString();
      if (shows && signal !== null)
        process.stderr.write(`the Pulumi CLI was ended by ${signal}; another run continues from there\n`);
      resolve({ status: code ?? 128 + (signals[signal ?? ""] ?? 0), stdout: text(kept.stdout), stderr: text(kept.stderr) });
    });
    if (child.stdin) {
      // A CLI that ends early does not read its input to the end.
      child.stdin.on("error", () => {});
      child.stdin.end(input);
    }
  });
}
