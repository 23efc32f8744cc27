import { componentNames } from "./component-files.ts";
import { oneProblem, type Problem, visible } from "./problems.ts";
import type { Cluster } from "./schema.ts";
import { isMapping } from "./shape.ts";

// Contents of the components' secret files: a secret of the stack beside the cluster.

/** Contents by file name. */
export type SecretFiles = Readonly<Record<string, string>>;

/** The contents of the stack's secret files: a mapping as JSON. Throws where `secretFileProblems` finds it wrong. */
export const readSecretFiles = (text: string): SecretFiles => JSON.parse(text) as SecretFiles;

/** How a file's content is stored. */
export const secretFileCure = (name = "encryption.yaml") => `config set --secret --path 'files["${name}"]' < ${name}`;

/** The names of the files whose content is secret, with the key of each. */
const secretFilesOf = (cluster: Pick<Cluster, "api" | "controllerManager" | "scheduler">) =>
  componentNames.flatMap((component) =>
    Object.entries(cluster[component].files)
      .filter(([, { secret }]) => secret)
      .map(([name]) => ({ name, key: `cluster.${component}.files.${name}` })),
  );

const allowed = "a mapping of files' names to their contents";

/** Mistakes in the stack's secret files, in words that hold nothing of their contents. `text` is undefined where there is none. */
export function secretFileProblems(key: string, text: string | undefined, cluster: Cluster): Problem[] {
  const wanted = secretFilesOf(cluster);
  if (text === undefined)
    return wanted.map(({ name, key: file }) => ({
      key: file,
      found: "has no content",
      allowed: `the content in the stack's secret files`,
      cure: secretFileCure(name),
    }));
  let contents: unknown;
  try {
    contents = JSON.parse(text);
  } catch {
    return oneProblem(key, "is not JSON (not shown)", allowed, secretFileCure());
  }
  if (!isMapping(contents)) return oneProblem(key, "is not a mapping (not shown)", allowed, secretFileCure());
  const wrong = Object.entries(contents)
    .filter(([, content]) => typeof content !== "string" || content.trim() === "")
    .map(([name, content]) => ({
      key: `${key}.${visible(name)}`,
      found: "is not a text (not shown)",
      allowed: "the content of a file",
      cure: isMapping(content)
        ? `a dot in a path begins a key below: config rm --path files.${visible(name)}; then ${secretFileCure()}`
        : secretFileCure(visible(name)),
    }));
  if (wrong.length > 0) return wrong;
  const has = (name: string) => Object.hasOwn(contents, name);
  return wanted
    .filter(({ name }) => !has(name))
    .map(({ name, key: file }) => ({
      key: file,
      found: "has no content",
      allowed: `the content in the stack's secret files`,
      cure: secretFileCure(name),
    }));
}

/** Contents that no file of the config takes. */
export const unusedSecretFiles = (key: string, text: string | undefined, cluster: Cluster): Problem[] => {
  const names = secretFilesOf(cluster).map(({ name }) => name);
  return Object.keys(text === undefined ? {} : readSecretFiles(text))
    .filter((name) => !names.includes(name))
    .map((name) => ({
      key: `${key}.${visible(name)}`,
      found: "is not used",
      allowed: "the name of a file with secret: true in api.files, controllerManager.files or scheduler.files",
    }));
};
