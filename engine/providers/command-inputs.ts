import { type Failure, type Fields, isObject, misfits } from "./checks.ts";
import type { Logging } from "./command-output.ts";
import type { Properties } from "./provider.ts";
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

const common: Fields = {
  create: { type: "string" },
  update: { type: "string" },
  delete: { type: "string" },
  stdin: { type: "string" },
  logging: { type: "string", oneOf: ["stdout", "stderr", "stdoutAndStderr", "none"] },
  environment: { type: "object" },
  addPreviousOutputInEnv: { type: "boolean" },
  triggers: { type: "array" },
};
const local: Fields = { ...common, interpreter: { type: "array" }, dir: { type: "string" } };
const remote: Fields = { ...common, connection: { type: "object", required: true } };
const endpoint: Fields = {
  host: { type: "string", required: true },
  port: { type: "number" },
  user: { type: "string" },
  password: { type: "string" },
  privateKey: { type: "string" },
  privateKeyPassword: { type: "string" },
  agentSocketPath: { type: "string" },
  dialErrorLimit: { type: "number", minimum: -1 },
  perDialTimeout: { type: "number", minimum: 0 },
  hostKey: { type: "string" },
};

/** The plugin's defaults, which its state records. Seconds for perDialTimeout. */
const endpointDefaults = { user: "root", port: 22, dialErrorLimit: 10, perDialTimeout: 15 };

/** Checks the inputs of local.Command. */
export function checkLocal(inputs: Properties): { inputs: Properties; failures: Failure[] } {
  return { inputs, failures: misfits(inputs, local) };
}

/** Checks the inputs of remote.Command and fills in the connection's defaults. */
export function checkRemote(inputs: Properties): { inputs: Properties; failures: Failure[] } {
  const failures = misfits(inputs, remote);
  if (isObject(inputs.environment) && Object.keys(inputs.environment).length > 0) {
    const reason =
      "is not supported by this engine, and by servers only as their AcceptEnv says: write NAME=value before the command";
    failures.push({ property: "environment", reason });
  }
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
  return { ...endpointDefaults, ...values };
}
