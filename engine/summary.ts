import { Document, stringify, visit } from "yaml";
import { secretSignature, signature } from "../plugins/value.ts";
import { defaultStack, type Operation } from "./arguments.ts";
import type { Events, Step } from "./events.ts";

// Prints a summary after `up` or `destroy`: the changes on each host, the stack's outputs, and the next steps.

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
  const shown = outputLines(outputs);
  const next = [
    `  npm run --silent output -- kubeconfig --show-secrets${option} > kubeconfig`,
    `  ${check}    # looks at every host`,
  ];
  return [
    ...(changed.length > 0 ? ["changed:", ...changed] : []),
    ...(shown.length > 0 ? ["outputs:", ...shown.map((line) => `  ${line}`)] : []),
    ...("kubeconfig" in outputs ? ["next:", ...next] : []),
  ];
}

function failureLines(operation: Operation, { failed, messages }: Events, check: string): string[] {
  const where = changedWhere(failed);
  if (where.length === 0 || operation === "preview" || operation === "refresh") return [];
  const says = (words: RegExp) => messages.some((message) => words.test(message));
  const isRefused = says(/refuses the login|unable to authenticate/);
  const isUnreachable = says(/cannot reach|unable to connect|failed to dial|i\/o timeout/);
  return [
    "failed:",
    ...where,
    ...(isRefused ? refusedLogin(operation) : []),
    ...(says(/sudo: a password is required|interactive authentication is required/) ? [sudoAsks] : []),
    ...(says(/sudo refuses the password of user/) && operation === "destroy" ? [oldPassword] : []),
    ...(isUnreachable && !isRefused
      ? ["If a host is gone for good, set lost: true for it in the config: docs/operations.md."]
      : []),
    `Finished work stays. Fix the cause and run ${operation} again: it continues from here. ${check} looks at every host.`,
  ];
}

const sudoAsks =
  "sudo asks a user for a password: npm run config -- set --secret sudoPassword stores it; of one host: docs/logins.md.";
const oldPassword =
  "destroy uses the sudo password of the last up. If it changed since: put the new one in the config, run up, then destroy.";

/** A changed login reaches the state by an `up`; a removal before that uses the old login. */
const refusedLogin = (operation: Operation) => [
  "A host answered and refused the login. Compare cluster.ssh.user and the secret sshPrivateKey with the logins that the host accepts.",
  ...(operation === "destroy"
    ? ["destroy uses the login of the last up. If the login changed since: put the new one in the config, run up, then destroy."]
    : ["The removal of a host uses the login of the last up. Put its entry back, run up with the new login, then remove it."]),
];

const changes = ["create", "update", "delete", "replace", "create-replacement", "delete-replaced"];
const isChange = ({ op, type }: Step) => changes.includes(op) && type !== stackType;

/** Host commands by stage with their hosts; for other resources only their number. */
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
const stageAndHost =
  /^(scripts|preflight|prepare|etcd|balancer|control-plane|worker|addons|maintenance|reboot|leaving|handover|join)-(.+)$/;

/** The width of a screen, up to which a small mapping is written in one line. */
const lineWidth = 120;

/** A stack's outputs as YAML, without those that only the program reads; secrets masked where the engine masked them. */
export function outputLines(outputs: Record<string, unknown>): string[] {
  const shown = Object.entries(outputs).filter(([name]) => !internal.includes(name));
  if (shown.length === 0) return [];
  const document = new Document(masked(Object.fromEntries(shown)));
  visit(document, {
    Map: (_, node, path) => {
      // The outputs themselves are one below the other.
      if (path.length < 3) return undefined;
      if (stringify(node.toJSON(), { collectionStyle: "flow", lineWidth: 0 }).length > lineWidth - 16) return undefined;
      node.flow = true;
      return visit.SKIP;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: true }).trimEnd().split("\n");
}

/** The engine masks a secret's text, and leaves the secret's mark around it. */
function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== "object" || value === null) return value;
  if ((value as Record<string, unknown>)[signature] === secretSignature) return "[secret]";
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, masked(inner)]));
}
