import { type Failure, type Field, type Fields, misfits } from "./checks.ts";
import type { Logging } from "./command-output.ts";
import type { SshTarget } from "./ssh-endpoint.ts";
import { assetSignature, isObject, type Properties, signature, type Value } from "./value.ts";

/** Inputs of a command, with the meaning that the plugin gives them. */
export interface CommandInputs {
  create?: string;
  update?: string;
  delete?: string;
  stdin?: string;
  logging?: Logging;
  environment?: Record<string, string>;
  addPreviousOutputInEnv?: boolean;
  /** For local commands only. */
  interpreter?: string[];
  dir?: string;
}

/** Inputs of a resource on a host: its connection, with defaults. */
export interface Connected {
  connection: SshTarget;
}

/** Inputs of a copy. */
export interface CopyInputs extends Connected {
  /** An asset as the protocol carries it: a file on this machine, or a text. */
  source: { path?: string; text?: string };
  remotePath: string;
}

const text: Field = { type: "string" };
const list: Field = { type: "array" };

const common: Fields = {
  create: text,
  update: text,
  delete: text,
  stdin: text,
  logging: { type: "string", oneOf: ["stdout", "stderr", "stdoutAndStderr", "none"] },
  environment: { type: "object" },
  addPreviousOutputInEnv: { type: "boolean" },
  triggers: list,
};
const local: Fields = { ...common, interpreter: list, dir: text };
const connected: Fields = { connection: { type: "object", required: true }, triggers: list };
const copy: Fields = {
  ...connected,
  source: { type: "object", required: true },
  remotePath: { ...text, required: true },
};
const endpoint: Fields = {
  host: { ...text, required: true },
  port: { type: "number" },
  user: text,
  password: text,
  privateKey: text,
  privateKeyPassword: text,
  agentSocketPath: text,
  dialErrorLimit: { type: "number", minimum: -1 },
  perDialTimeout: { type: "number", minimum: 0 },
  hostKey: text,
};

/** The plugin's defaults, which its state records. Seconds for perDialTimeout. */
const endpointDefaults = { user: "root", port: 22, dialErrorLimit: 10, perDialTimeout: 15 };

/** The properties that the plugin marks secret: a connection as a whole, and again the secrets inside it. */
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
  const reason = "is accepted by servers only as their AcceptEnv says, and not sent here: write NAME=value before the command";
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
  const connection = completed(inputs.connection, "connection.", failures);
  return { inputs: { ...inputs, connection }, failures };
}

/** A server with its defaults, and so each bastion on the way to it. */
function completed({ proxy, ...server }: Properties, path: string, failures: Failure[]): Properties {
  failures.push(...misfits(server, endpoint, path));
  return {
    ...endpointDefaults,
    ...server,
    ...(proxy !== undefined && { proxy: isObject(proxy) ? completed(proxy, `${path}proxy.`, failures) : proxy }),
  };
}
