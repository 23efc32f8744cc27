import { posix } from "node:path";
import { AUDIT_POLICY, componentNames, folderOf, SCHEDULER_CONFIGURATION } from "../component-files.ts";
import { oneProblem, type Problem, shown } from "../problems.ts";
import type { Cluster } from "../schema.ts";
import { secretFileCure } from "../secret-files.ts";
import { isMapping } from "../shape.ts";
import { at, type Rule } from "./rule.ts";
import { secretsInClear } from "./secrets-in-clear.ts";

// Files of the control plane's components.

const all = (cluster: Cluster) =>
  componentNames.flatMap((component) =>
    Object.entries(cluster[component].files).map(([name, file]) => ({
      component,
      name,
      key: at(component, "files", name),
      ...file,
    })),
  );

const contents: Rule = {
  says: "A component's file has a `content`, or `secret: true` and its content in the stack's secret `files`.",
  check: (cluster) =>
    all(cluster).flatMap(({ key, name, content, secret }) => {
      if (secret === (content === undefined)) return [];
      const found = secret ? "is secret and has a content in clear" : "has no content";
      const allowed = secret ? "secret: true alone" : "a content, or secret: true";
      return oneProblem(key, found, allowed, secret ? secretFileCure(name) : undefined);
    }),
};

const ownNames: Rule = {
  says: "No file of a component has the name of one that this program writes: `audit-policy.yaml` with `api.audit`, `configuration.yaml` with `scheduler.configuration`. No two components have a secret file of one name.",
  check(cluster) {
    const taken = (component: "api" | "scheduler", name: string, by: string | undefined): Problem[] =>
      by === undefined || !Object.hasOwn(cluster[component].files, name)
        ? []
        : oneProblem(at(component, "files", name), "is a name of this program's own", `another name: ${by} writes this file`);
    const secret = all(cluster).filter((file) => file.secret);
    const twice = secret.filter(({ name }, index) => secret.findIndex((other) => other.name === name) < index);
    return [
      ...taken("api", AUDIT_POLICY, cluster.api.audit && at("api", "audit")),
      ...taken("scheduler", SCHEDULER_CONFIGURATION, cluster.scheduler.configuration && at("scheduler", "configuration")),
      ...twice.flatMap(({ key }) =>
        oneProblem(
          key,
          "is the name of a secret file of another component",
          "a name of its own, by which the stack's secret has it",
        ),
      ),
    ];
  },
};

const namedFiles: Rule = {
  says: "What an argument names in the folder of a component's files is one of them.",
  check: (cluster) =>
    componentNames.flatMap((component) => {
      const folder = `${folderOf(component)}/`;
      const known = [
        ...Object.keys(cluster[component].files),
        ...(component === "api" && cluster.api.audit ? [AUDIT_POLICY] : []),
      ];
      return Object.entries(cluster[component].extraArgs)
        .filter(([, value]) => value.startsWith(folder) && !known.includes(posix.normalize(value).slice(folder.length)))
        .flatMap(([name, value]) =>
          oneProblem(
            at(component, "extraArgs", name),
            `is ${shown(value)}, which no file of ${at(component, "files")} is`,
            known.length === 0 ? "a file that is there" : `one of ${known.map((file) => folder + file).join(", ")}`,
          ),
        );
    }),
};

/** Fields that are this program's, in mappings that a component reads. */
const ownFields: Rule = {
  says: "`api.audit.policy` and `scheduler.configuration` leave out what this program sets: `kind`, and the scheduler's kubeconfig and leader election.",
  check({ api, scheduler }) {
    const { policy } = api.audit ?? {};
    const { configuration } = scheduler;
    const inner = (field: string, name: string) => {
      const value = configuration?.[field];
      return isMapping(value) && Object.hasOwn(value, name);
    };
    const refuse = (is: boolean, allowed: string, ...path: string[]) =>
      is ? oneProblem(at(...path), "is a field of this program's own", allowed) : [];
    const kind = "nothing here: this program writes it";
    return [
      ...refuse(policy?.kind !== undefined, kind, "api", "audit", "policy", "kind"),
      ...refuse(configuration?.kind !== undefined, kind, "scheduler", "configuration", "kind"),
      ...refuse(inner("clientConnection", "kubeconfig"), kind, "scheduler", "configuration", "clientConnection", "kubeconfig"),
      ...refuse(
        inner("leaderElection", "leaderElect"),
        "nothing here: one of several schedulers always leads",
        ...["scheduler", "configuration", "leaderElection", "leaderElect"],
      ),
    ];
  },
};

/** Rules about the files of components. */
export const componentFileRules: readonly Rule[] = [contents, secretsInClear, ownNames, namedFiles, ownFields];
