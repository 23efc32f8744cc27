import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import {
  type CommandInputs,
  type Connected,
  type CopyInputs,
  checkCopy,
  checkLocal,
  checkRemote,
  connectionSecrets,
} from "./command-inputs.ts";
import { runHere } from "./command-local.ts";
import { CommandOutput } from "./command-output.ts";
import type { Context, Difference, Provider, Resource, ResourceType } from "./provider.ts";
import { RefusedLogin, where } from "./ssh-endpoint.ts";
import { type Exit, SshPool } from "./ssh-pool.ts";
import { changedNames, isObject, type Properties } from "./value.ts";

// Stands in for the plugin `command`: an update runs `update` or, if there is none, `create`; a delete runs the text of the last applied
// state. It differs on purpose: another login for the same host runs nothing, commands share SSH connections, an error holds neither a
// command's text nor its stdin, lines of any length are safe, and an interrupt reaches a command on this machine. CopyToRemote takes
// one file; CopyFile is not supported.

type Operation = "create" | "update" | "delete";

/** Runs one command until it ends; returns its exit and the place where it ran. */
type Run = (
  inputs: CommandInputs & Connected,
  text: string,
  environment: Record<string, string>,
  output: CommandOutput,
  context: Context,
) => Promise<{ exit: Exit; place: string }>;

/** Connections live as long as the provider. */
const connections = new SshPool();

/** Every input except `triggers` may change in place. */
function diff(old: Resource, inputs: Properties): Difference {
  const changed = changedNames(old.inputs, inputs);
  return {
    update: changed.filter((name) => name !== "triggers"),
    replace: changed.filter((name) => name === "triggers"),
  };
}

/** Whether only the login changed. Another host key may mean another machine at the same address. */
function isLoginAlone(before: Properties, after: Properties): boolean {
  const changed = changedNames(before, after);
  if (changed.length !== 1 || !isObject(before.connection) || !isObject(after.connection)) return false;
  const another = changedNames(before.connection, after.connection);
  return changed[0] === "connection" && !another.includes("host") && !another.includes("hostKey");
}

/** A random id like the plugin's: 8 hexadecimal digits. */
const newId = (name: string) => `${name}${randomBytes(4).toString("hex")}`;

/**
 * The resource type of either kind of command. `login` proves that a connection's login works, for an update that changes nothing else;
 * the command does not run again.
 */
function commandType(
  check: ResourceType["check"],
  run: Run,
  login?: (inputs: Connected, context: Context) => Promise<void>,
): ResourceType {
  const perform = async (operation: Operation, properties: Properties, before: Properties, context: Context) => {
    const inputs = properties as unknown as CommandInputs & Connected;
    const text = operation === "update" ? (inputs.update ?? inputs.create) : inputs[operation];
    if (text === undefined) return { ...properties, stdout: before.stdout ?? "", stderr: before.stderr ?? "" };
    const output = new CommandOutput(inputs.logging ?? "stdoutAndStderr", (line) => context.log(line));
    const { exit, place } = await run(inputs, text, environmentOf(inputs, before), output, context);
    output.end();
    if (exit.code !== 0) throw new Error(failure(context.name, operation, place, exit, output));
    return { ...properties, stdout: output.text("stdout"), stderr: output.text("stderr") };
  };
  return {
    check,
    diff,
    create: async (inputs, context) => ({
      id: newId(context.name),
      outputs: await perform("create", inputs, {}, context),
    }),
    update: async (old, inputs, context) => {
      if (login === undefined || !isLoginAlone(old.inputs, inputs))
        return { outputs: await perform("update", inputs, old.outputs, context) };
      await login(inputs as unknown as Connected, context);
      const { stdout = "", stderr = "" } = old.outputs;
      return { outputs: { ...inputs, stdout, stderr } };
    },
    delete: async (old, context) => {
      try {
        await perform("delete", old.outputs, old.outputs, context);
      } catch (error) {
        if (!(error instanceof RefusedLogin)) throw error;
        throw new RefusedLogin(`${error.message}. A delete logs in as the last update of "${context.name}" did`);
      }
    },
  };
}

function environmentOf(inputs: CommandInputs, before: Properties): Record<string, string> {
  const environment = { ...inputs.environment };
  if (inputs.addPreviousOutputInEnv === false) return environment;
  if (before.stdout) environment.PULUMI_COMMAND_STDOUT = String(before.stdout);
  if (before.stderr) environment.PULUMI_COMMAND_STDERR = String(before.stderr);
  return environment;
}

function failure(name: string, operation: Operation, place: string, { code, signal }: Exit, output: CommandOutput): string {
  const how = signal ? `was ended by signal ${signal}` : `ended with exit status ${code}`;
  const tail = output.tail();
  return `${operation} of "${name}" on ${place} ${how}${tail === "" ? ", having printed nothing" : `; its last lines:\n${tail}`}`;
}

const local = commandType(checkLocal, async ({ interpreter, dir, stdin }, text, environment, output, { signal }) => {
  const exit = await runHere({ text, interpreter, dir, stdin, environment, output, signal });
  return { exit, place: "this machine" };
});

const remote = commandType(
  checkRemote,
  async ({ connection, stdin }, command, environment, output, { log, signal }) => {
    const onOutput = (stream: "stdout" | "stderr", chunk: Buffer) => output.write(stream, chunk);
    const exit = await connections.run(connection, { command, stdin, environment, onOutput, log, signal });
    return { exit, place: where(connection) };
  },
  ({ connection }, context) => connections.prove(connection, context),
);

/** A file that is copied to a host again if its content or its place changed, but not for another connection; never deleted. */
const copyToRemote: ResourceType = {
  secrets: connectionSecrets,
  check: checkCopy,
  diff,
  create: async (inputs, context) => {
    await copy(inputs, context);
    return { id: newId(""), outputs: inputs };
  },
  update: async (old, inputs, context) => {
    const changed = changedNames(old.outputs, inputs);
    if (changed.includes("source") || changed.includes("remotePath")) await copy(inputs, context);
    return { outputs: inputs };
  },
};

async function copy(inputs: Properties, context: Context): Promise<void> {
  const { connection, source, remotePath } = inputs as unknown as CopyInputs;
  const { path, text = "" } = source;
  const content = path === undefined ? Buffer.from(text) : await readFile(path);
  const file = { content, path: remotePath, ...(path !== undefined && { name: basename(path) }) };
  await connections.copy(connection, file, context);
}

/** The provider `command`. */
export const provider: Provider = {
  version: "1.2.1",
  types: {
    "command:local:Command": local,
    "command:remote:Command": { ...remote, secrets: connectionSecrets },
    "command:remote:CopyToRemote": copyToRemote,
  },
  close: () => connections.close(),
};
