import { resolve } from "node:path";
import { setConfig, showConfig } from "./config.ts";
import { breakLocks } from "./lock.ts";
import { helpText, type Options, readOptions } from "./options.ts";
import { outputLines, outputsJson, outputText } from "./outputs.ts";
import { readProject } from "./project.ts";
import { findPulumi, runPulumi } from "./pulumi.ts";
import { runStack } from "./run.ts";
import { throwAwayStack } from "./secrets.ts";
import { openStack, type Stack, stateVersion } from "./stack.ts";
import { stackFiles } from "./store.ts";
import { stackType } from "./urn.ts";

// The entry of the engine: `main.ts VERB [options]`. The project is the current folder.

const folder = resolve(".");
const print = (line: string) => process.stdout.write(`${line}\n`);

/** Does what the command line says. @returns The exit code. */
async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    print(helpText(options.verb));
    return 0;
  }
  if (options.verb === "destroy" && options.stack !== throwAwayStack && !options.yes) {
    throw new Error(`destroy takes everything of the stack ${options.stack} away; add --yes if that is what you want`);
  }
  const cli = findPulumi();
  // What others read from standard output is not mixed with news.
  const say = options.verb === "output" || options.verb === "config" ? console.error : print;
  if (cli !== undefined) {
    say(`engine: Pulumi CLI ${cli.version} (${cli.path})`);
    return runPulumi(cli, folder, options);
  }
  const why = process.env.HA_KUBERNETES_ENGINE ? "as HA_KUBERNETES_ENGINE says" : "there is no Pulumi CLI on PATH";
  say(`engine: built-in (${why}); follows ${stateVersion}`);
  return runBuiltIn(options);
}

async function runBuiltIn(options: Options): Promise<number> {
  const project = readProject(folder);
  const files = stackFiles(project.backend, project.name, options.stack);
  const open = () => openStack(folder, options.stack);
  switch (options.verb) {
    case "up":
    case "preview":
    case "destroy":
      return runStack(() => openFor(options), options, files.locks, print);
    case "output":
      printOutputs(await open(), options);
      return 0;
    case "config":
      if (options.rest.length === 0) await showConfig(await open(), options.showSecrets, print);
      else await setConfig(await open(), options);
      return 0;
    case "cancel": {
      const broken = breakLocks(files.locks);
      print(broken === 0 ? `stack ${options.stack} is not locked` : `${broken} lock of stack ${options.stack} taken away`);
      return 0;
    }
  }
}

async function openFor(options: Options): Promise<Stack> {
  const stack = await openStack(folder, options.stack);
  if (options.verb === "destroy") {
    const count = stack.last?.resources.filter(({ custom, type }) => custom && !type.startsWith("pulumi:")).length ?? 0;
    print(`destroying stack ${options.stack} of ${stack.project.name}: ${count} resources`);
  } else if (!stack.file.exists) {
    throw new Error(`there is no stack ${options.stack}: ${stack.file.path} does not exist`);
  }
  return stack;
}

function printOutputs(stack: Stack, options: Options): void {
  const outputs = stack.last?.resources.find(({ type }) => type === stackType)?.outputs ?? {};
  const [name] = options.rest;
  if (name !== undefined) print(outputText(outputs, name, options.showSecrets, options.json));
  else if (options.json) print(outputsJson(outputs, options.showSecrets));
  else for (const line of outputLines(outputs, options.showSecrets)) print(line);
}

// A reader that is gone, such as `head`, is no reason to leave a run half done.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

try {
  process.exitCode = await main();
} catch (error) {
  // What is wrong is for the user to mend; where it was found only when it is a mistake of this program.
  const known = error instanceof Error && error.constructor !== TypeError && error.constructor !== ReferenceError;
  console.error(`error: ${known ? error.message : (error as Error)?.stack}`);
  process.exitCode = 1;
}
