import { openOf } from "../config/lost.ts";
import { authorityOf, type Recorded, readRecorded } from "../config/record.ts";
import { readState, type State, type StateResource } from "../engine/export.ts";
import type { Becoming } from "../hosts/sudo.ts";
import type { SshTarget } from "../plugins/ssh-endpoint.ts";
import type { OpenCredentials } from "./findings/lost.ts";
import { readStage, type WantedFile } from "./wanted.ts";

// What the last `up` of a stack wanted, from its state: the hosts, how they are reached and what they hold.

/** A host and all that its stages want of it. */
export interface WantedHost {
  name: string;
  /** Given up in the config: it is not looked at. */
  lost: boolean;
  /** How it is reached; undefined: it is this machine. */
  target?: SshTarget;
  /** How a script becomes root there. */
  becoming: Becoming;
  /** What sudo asks for, where it asks. Secret. */
  sudoPassword?: string;
  owner: string;
  stages: string[];
  /** Of all stages together. */
  versions: Record<string, string>;
  settings: Record<string, string>;
  files: WantedFile[];
  /** Of `prepare`: the list of artifacts, and the sysctls. Of add-ons: their objects, which may be secret. */
  inputs: Record<string, string>;
}

/** A certificate that the state holds. */
export interface StateCertificate {
  name: string;
  pem: string;
  /** Hours before its end from which `up` renews it; 0: it never does. */
  renewBeforeHours: number;
  /** Of an authority: whether a newer generation issues in its place. Undefined for a leaf. */
  superseded?: boolean;
}

/** What the state of a stack says. */
export interface WantedStack {
  hosts: WantedHost[];
  certificates: StateCertificate[];
  /** What lost hosts had that is still valid. */
  lostCredentials: OpenCredentials[];
  /** A run was cut off, or is still at it: hosts may hold more or less than this says. */
  unfinished: boolean;
}

/** One try after a failed one: a check does not wait for hosts that are being made. Seconds for each. */
const patience = { dialErrorLimit: 1, perDialTimeout: 10 };
const commandTypes = ["command:remote:Command", "command:local:Command"];
const certificateTypes = /^tls:index\/(selfSignedCert|locallySignedCert):/;

/**
 * Reads a stack's state through the engine.
 *
 * @throws Error where there is no state, it can't be opened, or it holds no host
 */
export async function readStack(folder: string, name: string): Promise<WantedStack> {
  return wantedIn(await readState(folder, name), name);
}

/** What a state wants. @throws Error where it holds no host */
export function wantedIn(state: State, name: string): WantedStack {
  const resources = state.resources.filter((resource) => !resource.delete && !resource.pendingReplacement);
  const recorded = readRecorded(resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs.recorded);
  const hosts = new Map<string, WantedHost>();
  for (const resource of resources) if (commandTypes.includes(resource.type)) addCommand(hosts, resource);
  if (hosts.size === 0) throw new Error(`stack ${name} has no host in its state: run up first`);
  return {
    hosts: [...hosts.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    certificates: resources.filter(({ type }) => certificateTypes.test(type)).map((it) => certificateOf(it, recorded)),
    lostCredentials: lostCredentialsIn(recorded),
    unfinished: state.pending > 0,
  };
}

const lostCredentialsIn = (recorded: Recorded | undefined): OpenCredentials[] =>
  (recorded?.lost ?? []).map((lost) => ({ ...lost, authorities: openOf(lost, (name) => authorityOf(recorded, name)) }));

function addCommand(hosts: Map<string, WantedHost>, resource: StateResource): void {
  const { create, update, stdin, connection } = resource.inputs;
  // Where there is an update, `create` is what the first run was told.
  const wanted = readStage(String(update ?? create ?? ""), String(stdin ?? ""));
  if (wanted === undefined) return;
  const { stage, host: name, owner, versions, settings, files, inputs } = wanted;
  const { becoming, sudoPassword } = wanted;
  const none = { stages: [], versions: {}, settings: {}, files: [], inputs: {} };
  const host: WantedHost = hosts.get(name) ?? { name, lost: false, becoming, owner, ...none };
  hosts.set(name, host);
  host.lost ||= resource.retainOnDelete === true;
  if (connection) host.target = targetOf(connection as unknown as SshTarget);
  // The same of all stages of a host, but where an up was cut off.
  Object.assign(host, { becoming, sudoPassword });
  host.stages.push(stage);
  Object.assign(host.versions, versions);
  // What prepare says of itself counts, where preflight goes by a part of it.
  host.settings = stage === "preflight" ? { ...settings, ...host.settings } : { ...host.settings, ...settings };
  Object.assign(host.inputs, inputs);
  host.files.push(...files);
}

/** A connection as a command of the program has it, with a check's patience. */
function targetOf(connection: SshTarget): SshTarget {
  const { proxy, ...endpoint } = connection;
  const completed = Object.assign({ port: 22, user: "root" }, endpoint, patience);
  return { ...completed, ...(proxy && { proxy: targetOf(proxy) }) };
}

function certificateOf({ urn, inputs, outputs }: StateResource, recorded: Recorded | undefined): StateCertificate {
  const name = urn.split("::").at(-1) ?? "";
  const pem = String(outputs.certPem ?? "");
  const renewBeforeHours = Number(inputs.earlyRenewalHours ?? 0);
  const [, authority, generation = "1"] = /^(kubernetes|etcd|front-proxy)-ca(?:-(\d+))?$/.exec(name) ?? [];
  if (authority === undefined) return { name, pem, renewBeforeHours };
  const { issue } = authorityOf(recorded, authority === "front-proxy" ? "frontProxy" : (authority as "kubernetes" | "etcd"));
  return { name, pem, renewBeforeHours, superseded: Number(generation) < issue };
}
