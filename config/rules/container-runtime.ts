import { oneProblem } from "../problems.ts";
import { at, type Rule } from "./rule.ts";

// containerd's settings.

/** What this program writes itself, by the name that stands before `=` or in a table's head. */
const own = ["imports", "SystemdCgroup", "config_path", "sandbox", "restrict_oom_score_adj"];

const extra: Rule = {
  says: "`containerRuntime.extraConfig` is of version 3 and leaves out what this program sets; `containerRuntime.runtimes` has no runc.",
  check({ containerRuntime: { extraConfig = "", runtimes } }) {
    const key = at("containerRuntime", "extraConfig");
    const [, version] = /^\s*version\s*=\s*(\S+)/m.exec(extraConfig) ?? [];
    const taken = own.filter((name) => new RegExp(`^\\s*["']?${name}["']?\\s*=`, "m").test(extraConfig));
    return [
      ...(version === undefined || version === "3"
        ? []
        : oneProblem(key, `has version ${version}`, "version = 3, or no such line")),
      ...taken.flatMap((name) => oneProblem(key, `sets ${name}`, `no ${name}: this program sets it`)),
      ...(Object.hasOwn(runtimes, "runc")
        ? oneProblem(at("containerRuntime", "runtimes", "runc"), "is the one that is always there", "another name")
        : []),
    ];
  },
};

/** Rules about containerd. */
export const containerRuntimeRules: readonly Rule[] = [extra];
