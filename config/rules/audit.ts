import { posix } from "node:path";
import { folderOf } from "../component-files.ts";
import { oneProblem, type Problem, shown } from "../problems.ts";
import { isMapping } from "../shape.ts";
import { at, type Rule } from "./rule.ts";
import { documentsOf } from "./secrets-in-clear.ts";

// Audit policies, as k8s.io/apiserver's audit/policy reads and validates them: with another one kube-apiserver does not start.

const levels = ["None", "Metadata", "Request", "RequestResponse"];
const stages = ["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"];

/** The faults of a policy. `wantsRules`: nobody adds rules where it has none. */
function wrongIn(policy: Readonly<Record<string, unknown>>, wantsRules: boolean, path: readonly PropertyKey[]): Problem[] {
  const { apiVersion = "audit.k8s.io/v1", rules, omitStages } = policy;
  const rulesAllowed = "a list of one rule or more, each with a level";
  const isList = Array.isArray(rules) && rules.length > 0;
  return [
    ...(apiVersion === "audit.k8s.io/v1"
      ? []
      : oneProblem(at(...path, "apiVersion"), `is ${shown(apiVersion)}`, "audit.k8s.io/v1")),
    ...((rules === undefined ? wantsRules : !isList) ? oneProblem(at(...path, "rules"), `is ${shown(rules)}`, rulesAllowed) : []),
    ...(isList ? rules : []).flatMap((rule: unknown, place: number) =>
      isMapping(rule) && levels.includes(rule.level as string)
        ? []
        : oneProblem(
            at(...path, "rules", place),
            isMapping(rule) ? `has level ${shown(rule.level)}` : `is ${shown(rule)}`,
            `a mapping with a level: ${levels.join(", ")}`,
          ),
    ),
    ...(omitStages === undefined || (Array.isArray(omitStages) && omitStages.every((stage) => stages.includes(stage)))
      ? []
      : oneProblem(at(...path, "omitStages"), `is ${shown(omitStages)}`, `a list of ${stages.join(", ")}`)),
  ];
}

/** The policy of `api.audit`, and a file that `audit-policy-file` names, where its content is known. */
export const auditPolicy: Rule = {
  says: "An audit policy, of `api.audit.policy` or of a file that `audit-policy-file` names, is one that kube-apiserver takes: of audit.k8s.io/v1, with a list of rules that have a level each.",
  check({ api }) {
    const argument = posix.normalize(api.extraArgs["audit-policy-file"] ?? "");
    const named = Object.entries(api.files).filter(([name]) => argument === `${folderOf("api")}/${name}`);
    return [
      ...wrongIn(api.audit?.policy ?? {}, false, ["api", "audit", "policy"]),
      ...named.flatMap(([name, { content }]) => {
        if (content === undefined) return [];
        const path = ["api", "files", name, "content"];
        const [policy] = documentsOf(content);
        return isMapping(policy)
          ? wrongIn(policy, true, path)
          : oneProblem(at(...path), "is not an audit policy", "a Policy of audit.k8s.io/v1");
      }),
    ];
  },
};
