import { existsSync, readFileSync } from "node:fs";
import { hostname } from "node:os";

// A killed run leaves its lock in the state, and resources that were being created. The CLI keeps both until a user says that no
// process is using the stack any more; for processes of this machine, this file finds out.

/** The lock that made the CLI refuse a run. */
export interface Lock {
  host: string;
  pid: number;
}

/** Reads the locks from the CLI's refusal. */
export function locksIn(stderr: string): Lock[] {
  if (!stderr.includes("the stack is currently locked")) return [];
  return [...stderr.matchAll(/created by \S+?@(\S+) \(pid (\d+)\)/g)].map(([, host = "", pid]) => ({ host, pid: Number(pid) }));
}

/** Whether the process that took a lock is known to be gone: it ran on this machine, and its id is free or belongs to another program. */
export function isGone({ host, pid }: Lock): boolean {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
  const file = `/proc/${pid}/cmdline`;
  return existsSync(file) && !readFileSync(file, "utf8").includes("pulumi");
}

interface StateResource {
  urn: string;
  type?: string;
  id?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  dependencies?: string[];
}

/** A stack's state as `stack export` prints it. */
export interface Deployment {
  deployment?: {
    resources?: StateResource[];
    pending_operations?: { type: string; resource: StateResource }[];
  };
}

/** Providers whose resources exist only in the state, or on hosts that the next run converges: an interrupted create does no harm. */
const harmless = /^(command|tls|random):/;

/**
 * The state without the pending creates that a later run has completed, if there are any. A create in a cloud stays: its resource may
 * run there unseen, and the CLI's warning names it.
 */
export function withoutFinishedCreates(state: Deployment): Deployment | undefined {
  const { resources = [], pending_operations: pending = [] } = state.deployment ?? {};
  const made = new Set(resources.map(({ urn }) => urn));
  const left = pending.filter(
    ({ type, resource }) => type !== "creating" || !harmless.test(resource.type ?? "") || !made.has(resource.urn),
  );
  if (left.length === pending.length) return undefined;
  return { ...state, deployment: { ...state.deployment, pending_operations: left } };
}

/** Commands: the same text undoes a finished command and one that a killed run had only begun. */
const undoable = /^command:(remote|local):Command$/;
const copy = /^command:remote:CopyToRemote$/;

/**
 * The state with the commands that a killed run had begun recorded as made, if there are any: so `destroy` undoes them, too. A file that
 * was copied to a host and that no command uses is removed. Other pending creates, which exist only in the state, are dropped.
 */
export function withBegunCommands(state: Deployment): Deployment | undefined {
  const { resources = [], pending_operations: pending = [] } = state.deployment ?? {};
  const made = new Set(resources.map(({ urn }) => urn));
  const creates = pending.filter(({ type, resource }) => type === "creating" && harmless.test(resource.type ?? ""));
  const begun = creates.map(({ resource }) => resource).filter(({ urn }) => !made.has(urn));
  const commands = begun.filter(({ type }) => undoable.test(type ?? ""));
  const used = new Set([...resources, ...begun].flatMap(({ dependencies = [] }) => dependencies));
  const unused = [...resources, ...begun].filter(({ urn, type }) => copy.test(type ?? "") && !used.has(urn));
  const removals = unused.filter(({ urn }) => !made.has(removalOf(urn))).map(removing);
  if (creates.length + removals.length === 0) return undefined;
  const left = pending.filter((operation) => !creates.includes(operation));
  const more = [...commands.map(asMade), ...removals];
  return { ...state, deployment: { ...state.deployment, resources: [...resources, ...more], pending_operations: left } };
}

/**
 * The state with the commands of `withBegunCommands` pending again, if a destroy that failed has left some: the next `up` runs them as it
 * would have without that destroy.
 */
export function withoutBegunCommands(state: Deployment): Deployment | undefined {
  const { resources = [], pending_operations: pending = [] } = state.deployment ?? {};
  const begun = resources.filter(({ id }) => id === begunId);
  if (begun.length === 0) return undefined;
  const kept = begun.filter(({ urn }) => !urn.includes("::unused-"));
  const again = kept.map(({ id: _, outputs: __, ...resource }) => ({ type: "creating", resource }));
  const left = resources.filter((resource) => !begun.includes(resource));
  return { ...state, deployment: { ...state.deployment, resources: left, pending_operations: [...pending, ...again] } };
}

const begunId = "begun";
const asMade = (resource: StateResource): StateResource => ({
  ...resource,
  id: begunId,
  outputs: { ...resource.inputs, stdout: "", stderr: "" },
});

const removalOf = (urn: string) => urn.replace("command:remote:CopyToRemote::", "command:remote:Command::unused-");

/** A command whose deletion removes the file that a copy put into the login's home folder. */
const removing = ({ inputs = {}, ...resource }: StateResource): StateResource =>
  asMade({
    ...resource,
    urn: removalOf(resource.urn),
    type: "command:remote:Command",
    inputs: {
      connection: inputs.connection,
      create: "true",
      delete: `rm -f -- '${String(inputs.remotePath).replaceAll("'", "'\\''")}'`,
    },
  });
