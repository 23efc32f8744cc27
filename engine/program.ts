import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import type { Project, StackConfig } from "./project.ts";

/** What a program run needs to know. */
export interface ProgramOptions {
  project: Project;
  stack: string;
  config: StackConfig;
  preview: boolean;
  parallel: number;
  /** host:port of the monitor. */
  monitor: string;
}

/** A running program. */
export interface Program {
  /** Its exit code, when it has ended; null when a signal ended it. */
  ended: Promise<number | null>;
  /** Ends it at once. */
  kill(): unknown;
}

/**
 * The exit code of a program that has told its errors through the engine's log already.
 */
export const toldItsErrors = 32;

/** Runs the project's program, unchanged, in a node process of its own; `say` gets what it prints, line by line. */
export function runProgram(options: ProgramOptions, say: (line: string) => void): Program {
  const { project, stack, config, preview, parallel, monitor } = options;
  const entry = createRequire(import.meta.url).resolve("@pulumi/pulumi/cmd/run");
  const flags = {
    monitor,
    engine: monitor,
    project: project.name,
    stack,
    organization: "organization",
    pwd: project.folder,
    "root-directory": project.folder,
    parallel: String(parallel),
    ...(preview && { "dry-run": "true" }),
  };
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  const child = spawn(process.execPath, [entry, ...args, project.main], {
    cwd: project.folder,
    env: {
      ...process.env,
      PULUMI_CONFIG: JSON.stringify(config.values),
      PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(config.secretKeys),
      // Its errors point into TypeScript that node strips itself.
      PULUMI_NODEJS_TYPESCRIPT: "false",
    },
    stdio: ["ignore", "pipe", "pipe"],
    // A process group of its own: Ctrl-C is for the engine, which ends the program when it is done with it.
    detached: true,
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("close", () => process.off("exit", kill));
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", say);
  return { ended: ended(child), kill };
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(new Error(`the program can't be started: ${error.message}`, { cause: error })));
    child.once("close", (code) => resolve(code));
  });
}
