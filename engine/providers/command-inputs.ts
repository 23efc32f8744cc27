import type { Logging } from "./command-output.ts";
import { hasUnknown, type Properties, unknown, type Value } from "./provider.ts";
import type { SshTarget } from "./ssh-dial.ts";

/** Inputs that both kinds of command have; their meaning is the plugin's. */
export interface CommandInputs {
  create?: string;
  update?: string;
  delete?: string;
  stdin?: string;
  logging?: Logging;
  environment?: Record<string, string>;
  addPreviousOutputInEnv?: boolean;
}

/** Inputs of local.Command. */
export interface LocalInputs extends CommandInputs {
  interpreter?: string[];
  dir?: string;
}

/** Inputs of remote.Command. */
export interface RemoteInputs extends CommandInputs {
  connection: SshTarget;
}

/** What a check found wrong with an input. */
export interface Failure {
  property: string;
  reason: string;
}

type Shape = Readonly<Record<string, "string" | "number" | "boolean" | "array" | "object">>;

const common: Shape = {
  create: "string",
  update: "string",
  delete: "string",
  stdin: "string",
  logging: "string",
  environment: "object",
  addPreviousOutputInEnv: "boolean",
  triggers: "array",
};
const local: Shape = { ...common, interpreter: "array", dir: "string" };
const remote: Shape = { ...common, connection: "object" };
const endpoint: Shape = {
  host: "string",
  port: "number",
  user: "string",
  password: "string",
  privateKey: "string",
  privateKeyPassword: "string",
  agentSocketPath: "string",
  dialErrorLimit: "number",
  perDialTimeout: "number",
  hostKey: "string",
};

const loggings: readonly Value[] = ["stdout", "stderr", "stdoutAndStderr", "none"];

/** The plugin's defaults, which its state records. Seconds for perDialTimeout. */
const endpointDefaults = { user: "root", port: 22, dialErrorLimit: 10, perDialTimeout: 15 };

/** What does not fit a shape. Properties it does not name are refused, not ignored. */
function misfits(values: Properties, shape: Shape, path = ""): Failure[] {
  return Object.entries(values).flatMap(([name, value]): Failure[] => {
    const expected = shape[name];
    if (!expected) return [{ property: path + name, reason: "is not supported by this engine; with the Pulumi CLI it may be" }];
    const actual = Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
    return value === unknown || actual === expected ? [] : [{ property: path + name, reason: `must be of type ${expected}` }];
  });
}

function commandMisfits(inputs: Properties, shape: Shape): Failure[] {
  const failures = misfits(inputs, shape);
  const { logging } = inputs;
  if (typeof logging === "string" && !loggings.includes(logging)) {
    failures.push({ property: "logging", reason: `is "${logging}"; allowed: ${loggings.join(", ")}` });
  }
  return failures;
}

/** Checks the inputs of local.Command. */
export function checkLocal(inputs: Properties): { inputs: Properties; failures: Failure[] } {
  return { inputs, failures: commandMisfits(inputs, local) };
}

/** Checks the inputs of remote.Command and fills in the connection's defaults. */
export function checkRemote(inputs: Properties): { inputs: Properties; failures: Failure[] } {
  const failures = commandMisfits(inputs, remote);
  if (isObject(inputs.environment) && Object.keys(inputs.environment).length > 0) {
    const reason =
      "is not supported by this engine, and by servers only as their AcceptEnv says: write NAME=value before the command";
    failures.push({ property: "environment", reason });
  }
  if (inputs.connection === undefined) failures.push({ property: "connection", reason: "is missing" });
  if (!isObject(inputs.connection)) return { inputs, failures };
  const { proxy, ...server } = inputs.connection;
  const connection: Properties = {
    ...completed(server, "connection.", failures),
    ...(proxy !== undefined && { proxy: isObject(proxy) ? completed(proxy, "connection.proxy.", failures) : proxy }),
  };
  return { inputs: { ...inputs, connection }, failures };
}

function completed(values: Properties, path: string, failures: Failure[]): Properties {
  failures.push(...misfits(values, endpoint, path));
  if (values.host === undefined) failures.push({ property: `${path}host`, reason: "is missing" });
  return { ...endpointDefaults, ...values };
}

const isObject = (value: Value | undefined): value is Properties =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether an input is known and as it was. */
export function unchanged(before: Value | undefined, now: Value | undefined): boolean {
  if (hasUnknown(now)) return false;
  if (Array.isArray(before) && Array.isArray(now)) {
    return before.length === now.length && before.every((value, index) => unchanged(value, now[index]));
  }
  if (isObject(before) && isObject(now)) {
    return [...new Set([...Object.keys(before), ...Object.keys(now)])].every((name) => unchanged(before[name], now[name]));
  }
  return before === now;
}
