import { existsSync, readFileSync } from "node:fs";
import { hostname } from "node:os";

// What a killed run leaves in the state: its lock, and resources that were being made. The CLI keeps both until somebody says that
// nobody is at it any more; on this machine, that can be seen.

/** The lock that a refused run met. */
export interface Lock {
  host: string;
  pid: number;
}

/** Reads the locks out of the CLI's refusal. */
export function locksIn(stderr: string): Lock[] {
  if (!stderr.includes("the stack is currently locked")) return [];
  return [...stderr.matchAll(/created by \S+?@(\S+) \(pid (\d+)\)/g)].map(([, host = "", pid]) => ({ host, pid: Number(pid) }));
}

/** Whether the process that took a lock is known to be gone: it ran on this machine, and its number is free or another program's. */
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

/** A resource as a state has it, secrets encrypted. */
interface Kept {
  urn: string;
  type: string;
  inputs?: Record<string, unknown>;
  [key: string]: unknown;
}

/** A stack's state as `stack export` gives it. */
export interface Deployment {
  deployment?: {
    resources?: Kept[];
    pending_operations?: { type: string; resource: Kept }[];
  };
}

/** Providers whose resources exist nowhere but on hosts that the next run converges, or in the state: what was cut off is made whole. */
const harmless = /^(command|tls|random):/;

/**
 * The state without the pending creates that a later run has made, where it holds any. A create in a cloud stays: what it made may run
 * there unseen, and the CLI's warning names it.
 */
export function withoutFinishedCreates(state: Deployment): Deployment | undefined {
  const { resources = [], pending_operations: pending = [] } = state.deployment ?? {};
  const made = new Set(resources.map(({ urn }) => urn));
  const left = pending.filter(
    ({ type, resource }) => type !== "creating" || !harmless.test(resource.type) || !made.has(resource.urn),
  );
  if (left.length === pending.length) return undefined;
  return { ...state, deployment: { ...state.deployment, pending_operations: left } };
}

/**
 * The state in which each command that was cut off while it was made counts as made, where there is any: what it had begun on its host is
 * then undone by the resource's own `delete`. It comes last, because all that it depends on had been made. What exists in the state alone
 * is forgotten. A create in a cloud stays pending.
 */
export function withCutOffCommands(state: Deployment): Deployment | undefined {
  const { resources = [], pending_operations: pending = [] } = state.deployment ?? {};
  const made = new Set(resources.map(({ urn }) => urn));
  const cutOff = pending.filter(({ type, resource }) => type === "creating" && harmless.test(resource.type));
  if (cutOff.length === 0) return undefined;
  const commands = cutOff
    .map(({ resource }) => resource)
    .filter(({ urn, type }) => type.startsWith("command:") && !made.has(urn))
    .map((resource) => ({ ...resource, id: "cut-off", outputs: { ...resource.inputs, stdout: "", stderr: "" } }));
  return {
    ...state,
    deployment: {
      ...state.deployment,
      resources: [...resources, ...commands],
      pending_operations: pending.filter((operation) => !cutOff.includes(operation)),
    },
  };
}
