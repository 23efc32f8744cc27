import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { type Packages, servePlugins } from "../plugins/serve.ts";
import { type CommandLine, commandLine, defaultStack, type Operation, usage, withKeyPrefix } from "./arguments.ts";
import { type Cli, findCli } from "./cli.ts";
import { environmentFor, readStackFile } from "./environment.ts";
import { EventLog } from "./events.ts";
import { guardConfigSet, guardNames, keyPrefix, setsConfig } from "./guard.ts";
import { type Deployment, withBegunCommands, withoutBegunCommands, withoutFinishedCreates } from "./interrupted.ts";
import { asksForOutputs, showOutputs } from "./outputs.ts";
import { type ProgramServer, serveProgram } from "./program.ts";
import { isOwnProject, mainFile } from "./project.ts";
import { choosePackages } from "./providers.ts";
import { type Run, type RunOptions, runCli } from "./pulumi.ts";
import { mendable, refusal, stackAdvice, suggestion } from "./refusals.ts";
import { summaryLines } from "./summary.ts";

// The front end of the Pulumi CLI: `front-end.ts VERB [flags]` in a project's folder. It finds the CLI, gives it the program, the providers,
// the backend and the passphrase, and passes everything else through.

const folder = resolve(".");
/** Progress goes to stderr: standard output belongs to the CLI alone, because other programs read it. */
const say = (line: string) => void process.stderr.write(`${line}\n`);

interface Session {
  cli: Cli;
  line: CommandLine;
  stack: string;
  env: NodeJS.ProcessEnv;
}

/** Runs a command line. `packages` are served beside the project's own providers. @returns The exit code. */
export async function main(argv: readonly string[], { packages = {} }: { packages?: Packages } = {}): Promise<number> {
  if (argv.length === 0 || argv[0] === "--help" || argv[0] === "-h") {
    console.log(usage());
    return argv.length === 0 ? 1 : 0;
  }
  const given = commandLine(argv);
  const isOwn = isOwnProject(folder);
  const line = given.words[0] === "config" && isOwn ? { ...given, args: withKeyPrefix(given, keyPrefix) } : given;
  if (line.asksForHelp) {
    const cli = await findCli(say);
    console.log(`${usage()}\n\nHelp of the CLI itself:\n`);
    return (await runCli(cli.path, line.args, { cwd: folder, env: process.env, output: "show" })).status;
  }
  const input = await guarded(line, isOwn);
  const cli = await findCli(say);
  const stack = line.stack ?? (await unnamedStack(cli, line));
  const needsFile = line.operation === "up" || line.operation === "preview" || setsConfig(line.words);
  if (needsFile && !readStackFile(folder, stack).exists)
    throw new Error(`there is no stack ${stack}: Pulumi.${stack}.yaml does not exist. ${stackAdvice(folder, stack)}`);
  if (needsFile && isOwn) guardNames(`Pulumi.${stack}.yaml`, readFileSync(join(folder, `Pulumi.${stack}.yaml`), "utf8"));
  const session = { cli, line, stack, env: environmentFor(folder, stack, cli.path) };
  if (line.operation !== undefined) return deploy(session, line.operation, packages);
  const args = plainArguments(line, stack);
  const { status, stderr } = asksForOutputs(line)
    ? await showOutputs(cli.path, args, folder, session.env)
    : await runMending(session, args, { input });
  if (status !== 0) await advise(session, stderr);
  return status;
}

/** The stack of a command line that names none: PULUMI_STACK; for the CLI itself, the selected one; the default one. */
async function unnamedStack(cli: Cli, { isPassthrough }: CommandLine): Promise<string> {
  if (process.env.PULUMI_STACK) return process.env.PULUMI_STACK;
  if (!isPassthrough) return defaultStack;
  const env = environmentFor(folder, defaultStack, cli.path);
  const { status, stdout } = await runCli(cli.path, ["stack", "--show-name", "--non-interactive"], {
    cwd: folder,
    env,
    output: "keep",
  });
  return status === 0 ? stdout.trim() : defaultStack;
}

/** The arguments of a command that does not run the program. */
function plainArguments({ args, words, stack: named, isPassthrough }: CommandLine, stack: string): string[] {
  // `cancel` takes the stack as an argument, and so do `stack init` and similar commands, which have it already.
  if (words[0] === "cancel") return [...args.filter((arg) => arg !== stack), stack];
  if (isPassthrough && (named === undefined || words.includes(named))) return args;
  return withFlags(args, ["--stack", stack]);
}

/** Adds flags, which must come before a `--`. */
function withFlags(args: readonly string[], flags: readonly string[]): string[] {
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  return [...args.slice(0, end), ...flags, ...args.slice(end)];
}

/** Checks a `config set` before it writes anything. @returns The value, if it came from standard input. */
async function guarded({ args, words }: CommandLine, isOwn: boolean): Promise<string | undefined> {
  if (!setsConfig(words)) return undefined;
  const waits = words[1] === "set" && words[3] === undefined && !process.stdin.isTTY;
  const input = waits ? await text(process.stdin) : undefined;
  guardConfigSet(args, input, isOwn);
  return input;
}

/** Runs a command that runs the program, together with the servers that it needs. */
async function deploy(session: Session, operation: Operation, packages: Packages): Promise<number> {
  const { cli, line, stack, env } = session;
  const chosen = await choosePackages(cli, folder, env, say);
  const kind = Object.keys(chosen).length > 0 ? "this project's own" : "Pulumi's";
  say(`engine: Pulumi CLI ${cli.version} (${cli.origin}), providers: ${kind}`);
  // The program, which runs in this process, asks whose they are: config/load.ts.
  process.env.HA_KUBERNETES_PROVIDERS = kind === "Pulumi's" ? "pulumi" : "builtin";
  const plugins = await servePlugins({ ...chosen, ...packages });
  const program = await serveProgram(folder, mainFile(folder));
  const events = new EventLog();
  try {
    const environment = {
      ...env,
      // The CLI accepts the option for its event log only with this.
      PULUMI_DEBUG_COMMANDS: "true",
      // A preview writes no state, yet the CLI would serialize all of it after each step: most of its time with 100 hosts or more.
      ...(operation === "preview" && { PULUMI_SKIP_CHECKPOINTS: "true" }),
      ...(plugins.debugProviders !== "" && { PULUMI_DEBUG_PROVIDERS: plugins.debugProviders }),
    };
    const args = programArguments(session, operation, program, events);
    if (operation === "destroy" && !has(line.args, "--preview-only"))
      await rewriteState(session, withBegunCommands, "the unfinished work of a killed run on hosts is undone, too");
    const { status, stderr } = await runMending({ ...session, env: environment }, args);
    const seen = events.read();
    if (operation === "destroy" && status !== 0)
      await rewriteState(
        session,
        withoutBegunCommands,
        "the unfinished work that is left is noted again: up or destroy goes on with it",
      );
    const looksOnly = operation === "preview" || has(line.args, "--preview-only");
    if (status === 0 && !looksOnly && seen.messages.some((message) => message.includes("pending operations")))
      await rewriteState(
        session,
        withoutFinishedCreates,
        "the resources that the killed run had begun are complete now: its pending operations are cleared",
      );
    if (!has(line.args, "--json", "-j"))
      for (const one of summaryLines(looksOnly ? "preview" : operation, stack, seen, status === 0)) console.log(one);
    if (status !== 0) await advise(session, stderr);
    return status;
  } finally {
    events.close();
    program.close();
    await plugins.close();
  }
}

/** Whether a flag is given, with or without a value. */
const has = (args: readonly string[], ...flags: string[]): boolean =>
  args.some((arg) => flags.some((flag) => arg === flag || arg.startsWith(`${flag}=`)));

/** The arguments of a command that runs the program. */
function programArguments(
  { line: { args }, stack }: Session,
  operation: Operation,
  program: ProgramServer,
  events: EventLog,
): string[] {
  const agrees = has(args, "--yes", "-y", "--skip-preview", "-f", "--preview-only", "--config-file");
  // Throw-away hosts hold nothing of value: no question, and no preview unless the user asks for one.
  const isAgreed = operation !== "preview" && !agrees && readStackFile(folder, stack).isLab;
  return withFlags(args, [
    ...["--stack", stack],
    `--client=${program.address}`,
    ...["--event-log", events.file],
    ...(isAgreed ? ["--yes", ...(has(args, "--expect-no-changes") ? [] : ["--skip-preview"])] : []),
    // A host that can't be reached keeps the resources that undo it later; it does not block the others.
    ...(operation === "destroy" && !has(args, "--continue-on-error") ? ["--continue-on-error"] : []),
    // The commands' texts say which version, setting or file changes on which host.
    ...(operation === "preview" && !has(args, "--diff", "--json", "-j") ? ["--diff"] : []),
    // The summary shows the outputs, without those that only the program reads.
    ...((operation === "up" || operation === "preview") && !has(args, "--suppress-outputs") ? ["--suppress-outputs"] : []),
  ]);
}

/** Runs the CLI. If it refuses for a reason that this front end can fix (no stack yet, the lock of a killed run), fixes it and runs it again. */
async function runMending(
  { cli, line, stack, env }: Session,
  args: readonly string[],
  { input, output = "show" }: Partial<Pick<RunOptions, "input" | "output">> = {},
): Promise<Run> {
  for (let tries = 0; ; tries++) {
    const run = await runCli(cli.path, args, { cwd: folder, env, output, hold: refusal, input });
    const cure = run.status === 0 || tries === 2 ? undefined : mendable(run.stderr, folder, stack, line);
    if (cure === undefined) {
      if (refusal.test(run.stderr) || (output === "keep" && run.status !== 0)) say(run.stderr.trim());
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

/** Rewrites the stack's state if `change` returns another one. A stack without a state is fine. */
async function rewriteState(session: Session, change: (state: Deployment) => Deployment | undefined, why: string): Promise<void> {
  const { cli, stack, env } = session;
  const option = ["--stack", stack, "--non-interactive"];
  const exported = await runCli(cli.path, ["stack", "export", ...option], { cwd: folder, env, output: "keep" });
  if (exported.status !== 0) {
    if (/no stack named/.test(exported.stderr)) return;
    throw new Error(`the state could not be read: ${exported.stderr.trim()}`);
  }
  const state = change(JSON.parse(exported.stdout));
  if (state === undefined) return;
  const input = JSON.stringify(state);
  // The killed run's lock still exists.
  const imported = await runMending(session, ["stack", "import", ...option], { input, output: "keep" });
  if (imported.status !== 0) throw new Error("the state could not be written, so nothing was done");
  say(why);
}

async function advise({ cli, line, stack, env }: Session, stderr: string): Promise<void> {
  const flags = async () => {
    const help = await runCli(cli.path, [line.words[0] ?? "", "--help"], { cwd: folder, env, output: "keep" });
    return [...help.stdout.matchAll(/^\s+(?:-\w, )?(--[\w-]+)/gm)].map(([, flag = ""]) => flag);
  };
  const advice = await suggestion(stderr, folder, stack, flags);
  if (advice !== undefined) say(advice);
}

// A closed pipe, such as to `head`, must not leave a run half done.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

/** Runs `main` for the process: errors in one line, a stack trace only for a bug in this program. */
async function runMain(argv: readonly string[]): Promise<void> {
  try {
    process.exitCode = await main(argv);
  } catch (error) {
    const known = error instanceof Error && error.constructor !== TypeError && error.constructor !== ReferenceError;
    console.error(`error: ${known ? error.message : (error as Error)?.stack}`);
    process.exitCode = 1;
  }
  // Output that a slow reader of a pipe has not read yet would be lost.
  for (const stream of [process.stdout, process.stderr]) await new Promise<void>((written) => stream.write("", () => written()));
  // An open connection of the program or a provider does not keep the user waiting.
  process.exit();
}

if (process.argv[1] === import.meta.filename) await runMain(process.argv.slice(2));
