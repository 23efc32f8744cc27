import { oneProblem } from "../problems.ts";
import { at, type Rule } from "./rule.ts";

// containerd's settings.

/** What this program writes itself, or what a node would not work with, by the last name before `=`; the second at the top only. */
const own = ["SystemdCgroup", "config_path", "sandbox", "restrict_oom_score_adj"];
const ownAtTop = ["disabled_plugins", "grpc", "imports", "root", "state"];

/** The parts of a TOML key, dotted and quoted ones included. */
const partsOf = (key: string) =>
  [...key.matchAll(/"([^"]*)"|'([^']*)'|[\w-]+/g)].map(([bare, double, single]) => double ?? single ?? bare);

/** The keys that a text in TOML sets or opens as tables, each as its parts from the top. */
function keysOf(text: string): string[][] {
  let table: string[] = [];
  return text.split("\n").flatMap((line) => {
    const head = /^\s*\[\[?([^[\]=]+)\]/.exec(line)?.[1];
    if (head !== undefined) {
      table = partsOf(head);
      return [table];
    }
    const key = /^\s*((?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*=/.exec(line)?.[1];
    return key === undefined ? [] : [[...table, ...partsOf(key)]];
  });
}

const extra: Rule = {
  says: "`containerRuntime.extraConfig` has keys, is of version 3 and leaves out what this program sets; `containerRuntime.runtimes` has no runc.",
  check({ containerRuntime: { extraConfig = "", runtimes } }) {
    const key = at("containerRuntime", "extraConfig");
    const [, version] = /^\s*["']?version["']?\s*=\s*([^\s#]+)/m.exec(extraConfig) ?? [];
    const keys = keysOf(extraConfig);
    const taken = [
      ...ownAtTop.filter((name) => keys.some(([top]) => top === name)),
      ...own.filter((name) => keys.some((parts) => parts.at(-1) === name)),
    ];
    return [
      ...(version === undefined || version === "3"
        ? []
        : oneProblem(key, `has version ${version}`, "version = 3, or no such line")),
      ...(extraConfig.trim() === "" || keys.length > 0
        ? []
        : oneProblem(key, "has no key and no table", "a text in TOML, such as one of a plugin's sections")),
      ...taken.flatMap((name) => oneProblem(key, `sets ${name}`, `no ${name}: this program sets it`)),
      ...(Object.hasOwn(runtimes, "runc")
        ? oneProblem(at("containerRuntime", "runtimes", "runc"), "is the one that is always there", "another name")
        : []),
    ];
  },
};

/** Rules about containerd. */
export const containerRuntimeRules: readonly Rule[] = [extra];
