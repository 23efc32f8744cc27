import { randomBytes } from "node:crypto";
import { unchanged } from "./checks.ts";
import { type CommandInputs, checkLocal, checkRemote, type LocalInputs, type RemoteInputs } from "./command-inputs.ts";
import { runHere } from "./command-local.ts";
import { CommandOutput } from "./command-output.ts";
import type { Context, Difference, Properties, Provider, Resource, ResourceType } from "./provider.ts";
import { where } from "./ssh-dial.ts";
import { type Exit, SshPool } from "./ssh-pool.ts";

// Stands in for the plugin `command`: an update runs `update`, else `create`; a delete runs as the last applied state has it. It
// differs where the plugin hurts: commands share SSH connections, an error holds neither a command's text nor its stdin, lines
// of any length are safe, and an interrupt reaches the command.

type Operation = "create" | "update" | "delete";

/** Runs one command to its end; says how it ended and where that was. */
type Run<Inputs> = (
  inputs: Inputs,
  text: string,
  environment: Record<string, string>,
  output: CommandOutput,
  context: Context,
) => Promise<{ exit: Exit; place: string }>;

/** Connections live as long as the engine's run. */
const connections = new SshPool();

/** Anything may change in place but `triggers`. */
function diff(old: Resource, inputs: Properties): Difference {
  const names = new Set([...Object.keys(old.inputs), ...Object.keys(inputs)]);
  const changed = [...names].filter((name) => !name.startsWith("__") && !unchanged(old.inputs[name], inputs[name]));
  return {
    update: changed.filter((name) => name !== "triggers"),
    replace: changed.filter((name) => name === "triggers"),
  };
}

/** The life of either kind of command. */
function commandType<Inputs extends CommandInputs>(check: ResourceType["check"], run: Run<Inputs>): ResourceType {
  const perform = async (
    operation: Operation,
    properties: Properties,
    before: Properties,
    context: Context,
  ): Promise<Properties> => {
    const inputs = properties as unknown as Inputs;
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
      id: `${context.name}${randomBytes(4).toString("hex")}`,
      outputs: await perform("create", inputs, {}, context),
    }),
    update: async (old, inputs, context) => ({ outputs: await perform("update", inputs, old.outputs, context) }),
    delete: async (old, context) => {
      await perform("delete", old.outputs, old.outputs, context);
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

const local = commandType<LocalInputs>(
  checkLocal,
  async ({ interpreter, dir, stdin }, text, environment, output, { signal }) => ({
    exit: await runHere({ text, interpreter, dir, stdin, environment, output, signal }),
    place: "this machine",
  }),
);

const remoteLife = commandType<RemoteInputs>(
  checkRemote,
  async ({ connection, stdin }, command, environment, output, context) => ({
    exit: await connections.run(connection, {
      command,
      stdin,
      environment,
      onOutput: (stream, chunk) => output.write(stream, chunk),
      log: (line) => context.log(line),
      signal: context.signal,
    }),
    place: where(connection),
  }),
);

/** Of a connection and its proxy, which are secret as a whole, the plugin marks these once more. */
const remote: ResourceType = { ...remoteLife, innerSecrets: ["password", "privateKey", "privateKeyPassword"] };

function refused(type: string): ResourceType {
  const reason = `${type} is not supported by this engine: hand files to a remote.Command through stdin, or use the Pulumi CLI`;
  return {
    check: (inputs) => ({ inputs, failures: [{ property: "connection", reason }] }),
    create: () => Promise.reject(new Error(reason)),
  };
}

/** The provider `command`: local.Command and remote.Command. */
export const provider: Provider = {
  version: "1.2.1",
  types: {
    "command:local:Command": local,
    "command:remote:Command": remote,
    "command:remote:CopyToRemote": refused("CopyToRemote"),
    "command:remote:CopyFile": refused("CopyFile"),
  },
  close: () => connections.close(),
};
