import { Document, stringify, visit } from "yaml";
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
    ...(isUnreachable && !isRefused
      ? ["A host that is gone for good leaves the stack by lost: true in the config: docs/operations.md."]
      : []),
    `What ended well stays. Once the cause is mended, ${operation} goes on from here; ${check} looks at every host.`,
  ];
}

/** A login that changed on hosts reaches the state by an `up`; what is removed before that logs in as before. */
const refusedLogin = (operation: Operation) => [
  "A host answered and refused the login. Compare cluster.ssh.user and the secret sshPrivateKey with what the host lets in.",
  ...(operation === "destroy"
    ? ["destroy logs in as the last up did. Where the login changed since: put the new one in the config, run up, then destroy."]
    : [
        "Where a host was to be removed: it is logged in to as by the last up. Put its entry back, run up with the new login, then remove it.",
      ]),
];

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

/** A screen's width, as far as a small mapping is written in one line. */
const lineWidth = 120;

/** A stack's outputs as YAML, without those that only the program reads; secrets masked where the engine masked them. */
export function outputLines(outputs: Record<string, unknown>): string[] {
  const shown = Object.entries(outputs).filter(([name]) => !internal.includes(name));
  if (shown.length === 0) return [];
  const document = new Document(masked(Object.fromEntries(shown)));
  visit(document, {
    Map: (_, node, path) => {
      // The outputs themselves stand one below the other.
      if (path.length < 3) return undefined;
      if (stringify(node.toJSON(), { collectionStyle: "flow", lineWidth: 0 }).length > lineWidth - 16) return undefined;
      node.flow = true;
      return visit.SKIP;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: true }).trimEnd().split("\n");
}

/** The engine masks a secret's text, and leaves the mark that it is one around it. */
function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== "object" || value === null) return value;
  if ((value as Record<string, unknown>)[signature] === secretSignature) return "[secret]";
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, masked(inner)]));
}
