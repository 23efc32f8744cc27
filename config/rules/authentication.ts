import { posix } from "node:path";
import { folderOf } from "../component-files.ts";
import { oneProblem, type Problem, shown } from "../problems.ts";
import { isMapping } from "../shape.ts";
import { at, type Rule } from "./rule.ts";
import { documentsOf } from "./secrets-in-clear.ts";

// The file of `authentication-config` (an AuthenticationConfiguration of apiserver.config.k8s.io), as far as its content is known.

/** What balancers and kubelets ask without a credential. */
const asked = ["/livez", "/readyz"];

/** Whether an anonymous request for these paths passes; `conditions` restricts it to some. */
function passes({ enabled, conditions }: Readonly<Record<string, unknown>>): boolean {
  if (enabled !== true) return false;
  if (!Array.isArray(conditions) || conditions.length === 0) return true;
  return asked.every((path) => conditions.some((condition) => isMapping(condition) && condition.path === path));
}

/** Rules about authentication. */
export const authenticationConfig: Rule = {
  says: "A file that `authentication-config` names lets /livez and /readyz be asked without a credential, and no argument beside it says the same.",
  check({ api: { extraArgs, files } }) {
    const named = extraArgs["authentication-config"];
    if (named === undefined) return [];
    const oidc = Object.keys(extraArgs).filter((name) => name.startsWith("oidc-"));
    const beside = oidc.flatMap((name) =>
      oneProblem(
        at("api", "extraArgs", name),
        "stands beside authentication-config",
        "one of both: with both kube-apiserver does not start",
      ),
    );
    const file = Object.entries(files).find(([name]) => posix.normalize(named) === `${folderOf("api")}/${name}`);
    const [document] = file?.[1].content === undefined ? [] : documentsOf(file[1].content);
    if (file === undefined || !isMapping(document) || document.anonymous === undefined) return beside;
    const key = at("api", "files", file[0], "content", "anonymous");
    const { anonymous } = document;
    const shut: Problem[] =
      isMapping(anonymous) && passes(anonymous)
        ? []
        : oneProblem(
            key,
            `is ${shown(anonymous)}`,
            "enabled: true, for every path or at least /livez and /readyz: balancers and kubelets ask these without a credential",
          );
    const twice =
      extraArgs["anonymous-auth"] === undefined
        ? []
        : oneProblem(at("api", "extraArgs", "anonymous-auth"), `stands beside ${key}`, "one of both");
    return [...beside, ...shut, ...twice];
  },
};
