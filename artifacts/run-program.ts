import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";

const running = new Set<ChildProcess>();
const inherited: number[] = [];

/** Ends every running program, with what it started itself. */
export function endAll(): void {
  for (const { pid } of running) {
    try {
      if (pid !== undefined) process.kill(-pid, "SIGTERM");
    } catch {
      // It ended by itself.
    }
  }
}

/** From now on a signal that ends this process ends its programs first. Without this they would go on. */
export function endOnSignals(): void {
  for (const [signal, number] of Object.entries({ SIGHUP: 1, SIGINT: 2, SIGTERM: 15 })) {
    process.on(signal, () => {
      endAll();
      process.exit(128 + number);
    });
  }
}

/** Lets every program that runs from now on inherit an open file. @returns The file's number in those programs. */
export const inheritAll = (file: number) => 2 + inherited.push(file);

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  input?: string;
  /** Gets each line of standard error as it comes. */
  onLine?: (line: string) => void;
}

/** Runs a program to its end and returns its output. Throws with its last lines if it fails, or if it is missing. */
export function run(command: string, args: readonly string[], { cwd, env, input, onLine }: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["pipe", "pipe", "pipe", ...inherited],
      // In a process group of its own, which endAll ends as a whole: go leaves its compilers to themselves.
      detached: true,
    }) as ChildProcessWithoutNullStreams;
    running.add(child);
    const out: Buffer[] = [];
    const said: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => said.push(chunk));
    if (onLine !== undefined) createInterface({ input: child.stderr }).on("line", onLine);
    child.on("error", (error) => reject(new Error(`${command} can't be run: ${error.message}`)));
    child.on("close", (code, signal) => {
      running.delete(child);
      const output = Buffer.concat(out).toString();
      if (code === 0) return resolve(output);
      const last = `${output}${Buffer.concat(said)}`.trim().split("\n").slice(-8).join("\n");
      reject(new Error(`${command} ${args.slice(0, 2).join(" ")} ended with ${signal ?? `code ${code}`}:\n${last}`));
    });
    // A child that ends early closes its stdin; its exit code tells the reason.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

/** Prints a progress line for people on stderr: stdout is for results. */
export const say = (line: string) => process.stderr.write(`${line}\n`);

/** Installs the Debian packages that dpkg does not list as installed. Throws if this user is not root. */
export async function needPackages(purpose: string, packages: readonly string[]): Promise<void> {
  const missing: string[] = [];
  for (const name of packages) {
    const state = await run("dpkg", ["-s", name]).catch(() => "");
    if (!state.includes("Status: install ok installed")) missing.push(name);
  }
  if (missing.length === 0) return;
  const cure = `apt-get install ${missing.join(" ")}`;
  if (process.getuid?.() !== 0) throw new Error(`${purpose} needs packages that are missing here; as root: ${cure}`);
  say(`${purpose}: ${cure}`);
  const install = () =>
    run("apt-get", ["install", "-y", "-q", "--no-install-recommends", ...missing], {
      env: { DEBIAN_FRONTEND: "noninteractive" },
    });
  try {
    await install();
  } catch {
    // The lists may be missing or old.
    await run("apt-get", ["update", "-q"]);
    await install();
  }
}

/** Why a fetch failed: fetch itself says only that it did, and its causes have the reason. */
export const reasonOf = (error: Error): string => (error.cause instanceof Error ? reasonOf(error.cause) : error.message);
