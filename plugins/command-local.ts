import { spawn } from "node:child_process";
import type { CommandOutput } from "./command-output.ts";
import type { Exit } from "./ssh-pool.ts";

/** Milliseconds between SIGTERM and SIGKILL for an interrupted command. */
const grace = 5000;

/** A command to run on this machine. */
export interface LocalExecution {
  text: string;
  /** Program and arguments; the text is added as the last argument. Default: /bin/sh -c. */
  interpreter?: string[];
  /** Default: the working directory of this process. */
  dir?: string;
  stdin?: string;
  /** Variables that are added to this process's environment. */
  environment: Record<string, string>;
  output: CommandOutput;
  signal: AbortSignal;
}

/**
 * Runs a command in its own process group: Ctrl-C in the terminal does not reach it, and an interrupt reaches all of it. Like the
 * plugin, it waits until no process holds the output any more.
 *
 * @throws Error if it can't be started or is interrupted.
 */
export function runHere({ text, interpreter, dir, stdin, environment, output, signal }: LocalExecution): Promise<Exit> {
  return new Promise((resolve, reject) => {
    const [program = "/bin/sh", ...args] = interpreter?.length ? interpreter : ["/bin/sh", "-c"];
    const env: NodeJS.ProcessEnv = { ...process.env, ...environment };
    // A command, and the processes that it leaves running, must not get the passphrase of the state's secrets.
    delete env.PULUMI_CONFIG_PASSPHRASE;
    const child = spawn(program, [...args, text], { cwd: dir, env, detached: true });
    let killer: NodeJS.Timeout | undefined;
    const interrupt = () => {
      killGroup(child.pid, "SIGTERM");
      killer = setTimeout(() => killGroup(child.pid, "SIGKILL"), grace);
    };
    const ended = () => {
      clearTimeout(killer);
      signal.removeEventListener("abort", interrupt);
    };
    if (signal.aborted) interrupt();
    signal.addEventListener("abort", interrupt, { once: true });
    child.stdout.on("data", (chunk: Buffer) => output.write("stdout", chunk));
    child.stderr.on("data", (chunk: Buffer) => output.write("stderr", chunk));
    // The command may end without reading its input; its exit status says whether that was an error.
    child.stdin.on("error", () => {});
    child.stdin.end(stdin ?? "");
    child.on("error", (error) => {
      ended();
      reject(new Error(`cannot start ${program} here: ${(error as NodeJS.ErrnoException).code ?? error.name}`));
    });
    child.on("close", (code, name) => {
      ended();
      if (signal.aborted) return reject(new Error("interrupted; the command was sent SIGTERM"));
      resolve(name ? { signal: name.slice(3) } : { code: code ?? 0 });
    });
  });
}

function killGroup(leader: number | undefined, signal: NodeJS.Signals): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, signal);
  } catch (error) {
    // The group has ended meanwhile, which is fine.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
