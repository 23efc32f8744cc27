import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { parse } from "yaml";
import { servePlugins } from "../plugins/serve.ts";
import { type CommandLine, commandLine, usage } from "./arguments.ts";
import { type Cli, findCli } from "./cli.ts";
import { environmentFor, readStackFile } from "./environment.ts";
import { EventLog } from "./events.ts";
import { guardConfigSet, positionals } from "./guard.ts";
import { withoutFinishedCreates } from "./interrupted.ts";
import { type ProgramServer, serveProgram } from "./program.ts";
import { choosePackages, type Packages } from "./providers.ts";
import { type Run, runCli } from "./pulumi.ts";
import { mendable, refusal, suggestion } from "./refusals.ts";
import { summaryLines } from "./summary.ts";

// The front end of the Pulumi CLI: `main.ts VERB [flags]` in a project's folder. It finds the CLI, gives it the program, the providers,
// the backend and the passphrase, and hands everything else through.

const folder = resolve(".");
/** News go to stderr: what others read from standard output is the CLI's alone. */
const say = (line: string) => void process.stderr.write(`${line}\n`);

interface Session {
  cli: Cli;
  line: CommandLine;
  env: NodeJS.ProcessEnv;
}

/** Does what the command line says. `packages` are served beside the project's own providers. @returns The exit code. */
export async function main(argv: readonly string[], { packages = {} }: { packages?: Packages } = {}): Promise<number> {
  if (argv.length === 0 || argv[0] === "--help" || argv[0] === "-h") {
    console.log(usage());
    return argv.length === 0 ? 1 : 0;
  }
  const line = commandLine(argv);
  if (line.asksForHelp) console.log(`${usage()}\n\nThe CLI's own words:\n`);
  const input = await guarded(line);
  const cli = await findCli(say);
  const env = line.asksForHelp ? process.env : environmentFor(folder, line.stack, cli.path);
  const session = { cli, line, env };
  if (line.runsProgram) return deploy(session, packages);
  const { status, stderr } = await runMending(session, line.args, input);
  if (status !== 0) await advise(session, stderr);
  return status;
}

/** Checks a `config set` before it writes anything. @returns The value, where it came through standard input. */
async function guarded({ args, asksForHelp }: CommandLine): Promise<string | undefined> {
  if (args[0] !== "config" || args[1] !== "set" || asksForHelp) return undefined;
  const [, value] = positionals(args);
  const input = value === undefined && !process.stdin.isTTY ? await text(process.stdin) : undefined;
  guardConfigSet(args, value ?? input ?? "", project().name === "ha-kubernetes");
  return input;
}

function project(): { name: string; main: string } {
  const yaml = parse(readFileSync(join(folder, "Pulumi.yaml"), "utf8"));
  return { name: yaml.name, main: yaml.main ?? "index.ts" };
}

/** Runs a command that may run the program, with all that it needs around it. */
async function deploy(session: Session, packages: Packages): Promise<number> {
  const { cli, line, env } = session;
  const isPreview = line.command === "preview" || line.command === "pre";
  const chosen = await choosePackages(cli, folder, env, say);
  const served = { ...chosen, ...packages };
  const kind = Object.keys(chosen).length > 0 ? "this project's own" : "Pulumi's";
  say(`engine: Pulumi CLI ${cli.version} (${cli.origin}), providers: ${kind}`);
  const plugins = await servePlugins(served);
  const program = await serveProgram(folder, project().main);
  const events = new EventLog();
  try {
    const environment = {
      ...env,
      // The CLI hides the option for its event log behind this.
      PULUMI_DEBUG_COMMANDS: "true",
      // A preview writes no state, yet the CLI would turn all of it into text after each step: most of its time from 100 hosts on.
      ...(isPreview && { PULUMI_SKIP_CHECKPOINTS: "true" }),
      ...(plugins.debugProviders !== "" && { PULUMI_DEBUG_PROVIDERS: plugins.debugProviders }),
    };
    const { status, stderr } = await runMending({ ...session, env: environment }, programArguments(line, program, events));
    const seen = events.read();
    if (status === 0 && !isPreview && seen.messages.some((message) => message.includes("pending operations")))
      await forgetPending(session);
    if (!isPreview && !line.args.includes("--json") && !line.args.includes("-j"))
      for (const one of summaryLines(line.command, line.stack, seen, status === 0)) console.log(one);
    if (status !== 0) await advise(session, stderr);
    return status;
  } finally {
    events.close();
    program.close();
    await plugins.close();
  }
}

const isDestroy = (command: string) => ["destroy", "down", "dn"].includes(command);

/** The arguments of a command that may run the program. */
function programArguments({ args, command, stack }: CommandLine, program: ProgramServer, events: EventLog): string[] {
  const asks = ["up", "update", "refresh"].includes(command) || isDestroy(command);
  // Throw-away hosts are nobody's: no question.
  const agreed = asks && readStackFile(folder, stack).isLab ? ["--yes", "--skip-preview"] : [];
  return [
    ...args,
    `--client=${program.address}`,
    "--event-log",
    events.file,
    ...agreed.filter((flag) => !args.includes(flag)),
    // A host that can't be reached keeps what it needs to be undone later; it does not keep the others.
    ...(isDestroy(command) && !args.includes("--continue-on-error") ? ["--continue-on-error"] : []),
    // The summary shows them, without those that only the program reads.
    ...(command.startsWith("up") ? ["--suppress-outputs"] : []),
  ];
}

/** Runs the CLI; where it refuses for a reason that this front end can mend (no stack yet, the lock of a killed run), mends it and runs it again. */
async function runMending({ cli, line, env }: Session, args: readonly string[], input?: string): Promise<Run> {
  for (let tries = 0; ; tries++) {
    const run = await runCli(cli.path, args, { cwd: folder, env, output: "show", hold: refusal, input });
    const cure = run.status === 0 || tries === 2 ? undefined : mendable(run.stderr, folder, line);
    if (cure === undefined) {
      if (refusal.test(run.stderr)) say(run.stderr.trim());
      return run;
    }
    say(cure.why);
    const mended = await runCli(cli.path, cure.args, { cwd: folder, env, output: "keep" });
    if (mended.status !== 0) {
      say(mended.stderr.trim());
      return run;
    }
  }
}

/** Clears the creates that a killed run left and that this one has made, so that later runs do not warn of them. */
async function forgetPending({ cli, line, env }: Session): Promise<void> {
  const stack = ["--stack", line.stack];
  const exported = await runCli(cli.path, ["stack", "export", ...stack], { cwd: folder, env, output: "keep" });
  if (exported.status !== 0) throw new Error(`the state could not be read: ${exported.stderr.trim()}`);
  const state = withoutFinishedCreates(JSON.parse(exported.stdout));
  if (state === undefined) return;
  const input = JSON.stringify(state);
  const imported = await runCli(cli.path, ["stack", "import", ...stack], { cwd: folder, env, output: "keep", input });
  if (imported.status !== 0) throw new Error(`the state could not be written: ${imported.stderr.trim()}`);
  say("what the killed run had begun is whole now: its pending operations are cleared");
}

async function advise({ cli, line, env }: Session, stderr: string): Promise<void> {
  const flags = async () => {
    const help = await runCli(cli.path, [line.command, "--help"], { cwd: folder, env, output: "keep" });
    return [...help.stdout.matchAll(/^\s+(?:-\w, )?(--[\w-]+)/gm)].map(([, flag = ""]) => flag);
  };
  const advice = await suggestion(stderr, folder, line, flags);
  if (advice !== undefined) say(advice);
}

// A reader that is gone, such as `head`, is no reason to leave a run half done.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

/** Runs `main` as the process's own work: errors in one line, a trace only for a mistake of this program. */
export async function runMain(argv: readonly string[], options: { packages?: Packages } = {}): Promise<void> {
  try {
    process.exitCode = await main(argv, options);
  } catch (error) {
    const known = error instanceof Error && error.constructor !== TypeError && error.constructor !== ReferenceError;
    console.error(`error: ${known ? error.message : (error as Error)?.stack}`);
    process.exitCode = 1;
  }
  // What the program or a provider left open, such as a connection, does not keep the user waiting.
  process.exit();
}

if (process.argv[1] === import.meta.filename) await runMain(process.argv.slice(2));
