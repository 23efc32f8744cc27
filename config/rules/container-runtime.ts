import { didYouMean, oneProblem, type Problem } from "../problems.ts";
import { isMapping } from "../shape.ts";
import { readToml } from "../toml.ts";
import { at, type Rule } from "./rule.ts";

// containerd's settings.

/** Keys at the top that containerd has (its config.go, 2.3 and 2.4). It passes over others. */
const top =
  `cgroup debug disabled_plugins grpc imports metrics oom_score plugin_dir plugins proxy_plugins required_plugins root state
  stream_processors temp timeouts ttrpc version`.split(/\s+/);

/** What this program writes itself, or what a node would not work without: the end of the path to it, or all of it from the top. */
const own: readonly { path: readonly string[]; fromTop?: true }[] = [
  ...["disabled_plugins", "grpc", "imports", "root", "state"].map((name) => ({ path: [name], fromTop: true as const })),
  { path: ["SystemdCgroup"] },
  { path: ["restrict_oom_score_adj"] },
  { path: ["registry", "config_path"] },
  { path: ["pinned_images", "sandbox"] },
];

/** The paths of all keys of a table, those of the tables inside among them. */
const pathsOf = (table: object, above: readonly string[] = []): string[][] =>
  Object.entries(table).flatMap(([name, value]) => {
    const path = [...above, name];
    const inside = Array.isArray(value) ? value : [value];
    return [path, ...inside.filter(isMapping).flatMap((it) => pathsOf(it, path))];
  });

const isAt = (path: readonly string[], { path: wanted, fromTop }: (typeof own)[number]) =>
  wanted.every((name, index) => name === path.at(index - wanted.length)) && (!fromTop || path.length === wanted.length);

/** Findings on a text for containerd. */
function faultsOf(text: string): Problem[] {
  const key = at("containerRuntime", "extraConfig");
  const read = readToml(text);
  if ("fault" in read) return oneProblem(key, `is not TOML: ${read.fault}`, "a text in TOML, such as one of a plugin's sections");
  const { table } = read;
  const paths = pathsOf(table);
  const taken = own.filter((it) => paths.some((path) => isAt(path, it))).map(({ path }) => path.join("."));
  const strange = Object.keys(table).filter((name) => !top.includes(name));
  return [
    ...(table.version === undefined || table.version === 3
      ? []
      : oneProblem(key, `has version ${String(table.version)}`, "version = 3, or no such line")),
    ...(paths.length > 0 ? [] : oneProblem(key, "has no key and no table", "a text in TOML, such as one of a plugin's sections")),
    ...taken.flatMap((name) => oneProblem(key, `sets ${name}`, `no ${name}: this program sets it`)),
    ...strange.flatMap((name) => {
      const meant = didYouMean(name, top);
      const found = `has ${name} at the top, which containerd passes over${meant === undefined ? "" : `; did you mean ${meant}?`}`;
      return oneProblem(key, found, `${top.join(", ")}; settings of plugins are below plugins`);
    }),
  ];
}

const extra: Rule = {
  says: "`containerRuntime.extraConfig` is TOML, has keys that containerd knows, is of version 3 and leaves out what this program sets; `containerRuntime.runtimes` has no runc.",
  check: ({ containerRuntime: { extraConfig, runtimes } }) => [
    ...(extraConfig === undefined ? [] : faultsOf(extraConfig)),
    ...(Object.hasOwn(runtimes, "runc")
      ? oneProblem(at("containerRuntime", "runtimes", "runc"), "is the one that is always there", "another name")
      : []),
  ],
};

/** Rules about containerd. */
export const containerRuntimeRules: readonly Rule[] = [extra];
