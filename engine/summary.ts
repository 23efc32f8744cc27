import { stringify } from "yaml";
import { secretSignature, signature } from "../plugins/value.ts";
import { defaultStack, type Operation } from "./arguments.ts";
import type { Events, Step } from "./events.ts";

// What a person wants to know once `up` or `destroy` has ended: what changed where, what the stack offers, and what to do next.

/** Outputs that only the program needs, for its next run. */
const internal = ["recorded", "etcdBorn"];
const stackType = "pulumi:pulumi:Stack";

/** The lines to print after an operation on a stack. */
export function summaryLines(operation: Operation, stack: string, events: Events, succeeded: boolean): string[] {
  const option = stack === defaultStack ? "" : ` --stack ${stack}`;
  const check = `npm run check${option && ` --${option}`}`;
  if (!succeeded) return failureLines(operation, events, check);
  const changed = changedWhere(events.done.filter(isChange));
  if (operation === "preview") return changed.length > 0 ? ["up would change:", ...changed] : [];
  if (operation !== "up") return [];
  const outputs = events.done.findLast(({ type }) => type === stackType)?.new?.outputs ?? {};
  const shown = Object.entries(outputs).filter(([name]) => !internal.includes(name));
  const next = [
    `  npm run --silent output -- kubeconfig --show-secrets${option} > kubeconfig`,
    `  ${check}    # looks at every host`,
  ];
  return [
    ...(changed.length > 0 ? ["changed:", ...changed] : []),
    ...(shown.length > 0 ? ["outputs:", ...outputLines(Object.fromEntries(shown))] : []),
    ...("kubeconfig" in outputs ? ["next:", ...next] : []),
  ];
}

function failureLines(operation: Operation, { failed, messages }: Events, check: string): string[] {
  const where = changedWhere(failed);
  if (where.length === 0 || operation === "preview" || operation === "refresh") return [];
  const unreachable = messages.some((message) => /cannot reach|unable to connect|failed to dial|i\/o timeout/.test(message));
  return [
    "failed:",
    ...where,
    ...(unreachable ? ["A host that is gone for good leaves the stack by lost: true in the config: docs/operations.md."] : []),
    `What ended well stays. Once the cause is mended, ${operation} goes on from here; ${check} looks at every host.`,
  ];
}

const changes = ["create", "update", "delete", "replace", "create-replacement", "delete-replaced"];
const isChange = ({ op, type }: Step) => changes.includes(op) && type !== stackType;

/** Host commands by stage with their hosts; of anything else the number of resources. */
function changedWhere(steps: readonly Step[]): string[] {
  const hosts = new Map<string, Set<string>>();
  let others = 0;
  for (const { urn, type } of steps) {
    const [, stage, host] = stageAndHost.exec(urn.split("::").at(-1) ?? "") ?? [];
    if (!type.startsWith("command:") || stage === undefined || host === undefined) others++;
    else hosts.set(stage, (hosts.get(stage) ?? new Set()).add(host));
  }
  const lines = [...hosts].map(([stage, names]) => `  ${stage}: ${[...names].sort().join(", ")}`);
  return others > 0 ? [...lines, `  ${others} other resource${others === 1 ? "" : "s"}`] : lines;
}

/** Names of commands are `<stage>-<host name>`. */
const stageAndHost = /^(scripts|prepare|etcd|balancer|control-plane|worker|addons|leaving|handover|join)-(.+)$/;

function outputLines(outputs: Record<string, unknown>): string[] {
  return stringify(masked(outputs), { lineWidth: 0 })
    .trimEnd()
    .split("\n")
    .map((line) => `  ${line}`);
}

/** The engine masks a secret's text, and leaves the mark that it is one around it. */
function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== "object" || value === null) return value;
  if ((value as Record<string, unknown>)[signature] === secretSignature) return "[secret]";
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, masked(inner)]));
}
