import { type Failure, type Fields, misfits } from "./checks.ts";
import type { Logging } from "./command-output.ts";
import type { SshTarget } from "./ssh-dial.ts";
import { assetSignature, isObject, type Properties, signature, type Value } from "./value.ts";

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
const connected: Fields = { connection: { type: "object", required: true }, triggers: { type: "array" } };
const copy: Fields = {
  ...connected,
  source: { type: "object", required: true },
  remotePath: { type: "string", required: true },
};
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

/** What the plugin marks secret: a connection as a whole, and once more what is in it. */
export const connectionSecrets: readonly string[] = [
  "connection",
  ...["password", "privateKey", "privateKeyPassword"].flatMap((name) => [`connection.${name}`, `connection.proxy.${name}`]),
];

type Checked = { inputs: Properties; failures: Failure[] };

/** Checks the inputs of local.Command. */
export const checkLocal = (inputs: Properties): Checked => ({ inputs, failures: misfits(inputs, local) });

/** Checks the inputs of remote.Command and fills in the connection's defaults. */
export function checkRemote(inputs: Properties): Checked {
  const { environment } = inputs;
  const sent = isObject(environment) && Object.keys(environment).length > 0;
  const reason = "is taken by servers only as their AcceptEnv says, and not sent here: write NAME=value before the command";
  const { inputs: completed, failures } = checkConnected(inputs, { ...common, ...connected });
  return { inputs: completed, failures: sent ? [...failures, { property: "environment", reason }] : failures };
}

/** Checks the inputs of remote.CopyToRemote and fills in the connection's defaults. */
export function checkCopy(inputs: Properties): Checked {
  const { source } = inputs;
  const single = !isObject(source) || (source[signature] === assetSignature && (isText(source.path) || isText(source.text)));
  const reason = "must be one file here (FileAsset or StringAsset): pack a folder, or use Pulumi's own plugin";
  const { inputs: completed, failures } = checkConnected(inputs, copy);
  return { inputs: completed, failures: single ? failures : [...failures, { property: "source", reason }] };
}

const isText = (value: Value | undefined) => typeof value === "string";

function checkConnected(inputs: Properties, fields: Fields): Checked {
  const failures = misfits(inputs, fields);
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
