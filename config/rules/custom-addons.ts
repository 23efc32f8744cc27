import { isOwnNamespace, ownNamespaces } from "../namespaces.ts";
import { oneProblem, shown } from "../problems.ts";
import { at, type Rule } from "./rule.ts";

// Add-ons of the user's own, as far as the config alone tells. What their files hold is read later, see addons/custom/.

const sources: Rule = {
  says: "An add-on of `addons.custom` has something to install: `files`, `kustomize`, `chart` or `objects`.",
  check: ({ addons: { custom } }) =>
    Object.entries(custom).flatMap(([name, { chart, files, kustomize, objects }]) =>
      files.length > 0 || kustomize !== undefined || chart !== undefined || objects.length > 0
        ? []
        : oneProblem(at("addons", "custom", name), "installs nothing", "files, kustomize, a chart or objects"),
    ),
};

const namespaces: Rule = {
  says: `The \`namespace\` of an add-on of \`addons.custom\` is none of the cluster's own: ${ownNamespaces.join(", ")}.`,
  check: ({ addons: { custom } }) =>
    Object.entries(custom).flatMap(([name, { namespace }]) =>
      namespace === undefined || !isOwnNamespace(namespace)
        ? []
        : oneProblem(
            at("addons", "custom", name, "namespace"),
            `is ${shown(namespace)}, where the cluster's own parts are`,
            "a namespace of the add-on's own",
          ),
    ),
};

const secrets: Rule = {
  says: "No object of `addons.custom.<name>.objects` is a Secret: the stack's file is in clear.",
  check: ({ addons: { custom } }) =>
    Object.entries(custom).flatMap(([name, { objects }]) =>
      objects.flatMap(({ kind }, index) =>
        kind === "Secret"
          ? oneProblem(
              at("addons", "custom", name, "objects", index),
              "is a Secret in clear (not shown)",
              "objects without secrets",
              "put it into a file of its own that nobody shares, and name that in files",
            )
          : [],
      ),
    ),
};

const charts: Rule = {
  says: "A `chart` has a `path`, or a `repository` with `name` and `version`, and not both.",
  check: ({ addons: { custom } }) =>
    Object.entries(custom).flatMap(([name, { chart }]) => {
      if (chart === undefined) return [];
      const { path, repository } = chart;
      const key = at("addons", "custom", name, "chart");
      if ((path === undefined) === (repository === undefined)) {
        const found = path === undefined ? "says of no place where the chart is" : "has both path and repository";
        return oneProblem(key, found, "a path, or a repository with name, version and sha256");
      }
      return (["name", "version"] as const).flatMap((field) => {
        if ((chart[field] === undefined) === (repository === undefined)) return [];
        return repository === undefined
          ? oneProblem(`${key}.${field}`, "has no effect with a path", "nothing: the chart itself has it")
          : oneProblem(`${key}.${field}`, "is missing", `the chart's ${field} in ${shown(repository)}`);
      });
    }),
};

/** Rules about add-ons of the user's own. */
export const customAddonRules: readonly Rule[] = [sources, namespaces, secrets, charts];
