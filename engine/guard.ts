import { privateKeyFault } from "../config/keys.ts";
import { keys, secretNames } from "../config/load.ts";
import { didYouMean, holdsPassword, holdsPrivateKey, problemsText } from "../config/problems.ts";
import { fileWords } from "../config/stack-file.ts";
import { wordsOf } from "./arguments.ts";

// `config set` must not write a secret in clear text, replace a good secret with an empty or wrong one, replace the cluster with a
// word, or write a key that no program reads.

/** What the config keys of this project's program begin with, whatever a copy of the project is called. */
export const keyPrefix = "ha-kubernetes:";

/** Whether a command line sets config values. */
export const setsConfig = (words: readonly string[]): boolean => words[0] === "config" && /^set(-all)?$/.test(words[1] ?? "");

/**
 * Refuses a `config set` or `set-all` that would store a secret in clear text, an empty secret, or an unknown key. `input` is the text
 * from standard input.
 *
 * @throws Error with the cure
 */
export function guardConfigSet(args: readonly string[], input: string | undefined, isOwnProject: boolean): void {
  const [, verb, key, given] = wordsOf(args);
  const isSecret = args.some((arg) => arg === "--secret" || arg === "--secret=true");
  const isPath = args.some((arg) => arg === "--path" || arg === "--path=true");
  if (verb === "set") {
    guardValue(key, given ?? input, isSecret, isOwnProject);
    guardCluster(key, given ?? input, isPath, isOwnProject);
    return;
  }
  for (const [index, arg] of args.entries()) {
    const [, flag, attached] = /^--(plaintext|secret)(?:=(.*))?$/s.exec(arg) ?? [];
    if (flag === undefined) continue;
    const [, name, value] = /^([^=]*)=(.*)$/s.exec(attached ?? args[index + 1] ?? "") ?? [];
    guardValue(name, value, flag === "secret", isOwnProject);
    guardCluster(name, value, isPath, isOwnProject);
  }
}

/**
 * Refuses a stack's file with names that YAML reads as something else, before the CLI writes them back changed.
 *
 * @throws Error that names each
 */
export function guardNames(name: string, text: string): void {
  const { problems } = fileWords(text, undefined);
  if (problems.length > 0) throw new Error(problemsText(`${name} can't be used, and nothing was touched`, problems));
}

/** The whole cluster is one mapping: a word in its place would lose the cluster, and a key beside it would be a setting that nothing reads. */
function guardCluster(given: string | undefined, value: string | undefined, isPath: boolean, isOwnProject: boolean): void {
  const key = given?.replace(keyPrefix, "") ?? "";
  if (!isOwnProject || !/^cluster([.[]|$)/.test(key) || key.includes(":")) return;
  if (key === "cluster" && value?.trim().startsWith("{") !== true)
    throw new Error(
      "the value would take the place of the whole cluster. Nothing was written. Edit the stack's file, or set one key: --path cluster.KEY VALUE",
    );
  if (key !== "cluster" && !isPath)
    throw new Error(`${key} would be stored as one key of that exact name. Nothing was written. Add --path`);
}

function guardValue(given: string | undefined, value: string | undefined, isSecret: boolean, isOwnProject: boolean): void {
  const nothing = "Nothing was written.";
  if (!isSecret && holdsPrivateKey(value ?? "")) throw new Error(`the value is a private key. ${nothing} Add --secret`);
  const key = given?.replace(keyPrefix, "").split(/[.[]/)[0];
  if (!isSecret && (holdsPassword(value ?? "") || holdsPassword(given ?? ""))) {
    const cure = key === "cluster" ? "Remove user and password from it: the cluster holds no secret" : "Add --secret";
    throw new Error(`the value has a URL with a password. ${nothing} ${cure}`);
  }
  if (!isOwnProject || key === undefined || key.includes(":")) return;
  if (!(keys as readonly string[]).includes(key)) {
    const meant = didYouMean(key, keys);
    throw new Error(`${key} is not a config key${meant ? `; did you mean ${meant}?` : "."} ${nothing} Keys: ${keys.join(", ")}`);
  }
  if (!(secretNames as readonly string[]).includes(key)) return;
  if (!isSecret) throw new Error(`${key} is a secret. ${nothing} Add --secret`);
  if (value !== undefined && value.trim() === "") throw new Error(`${key} would be empty. ${nothing}`);
  const fault = value !== undefined && key.endsWith("PrivateKey") ? privateKeyFault(value, key) : undefined;
  if (fault !== undefined) throw new Error(`the value for ${key} ${fault.found}. ${nothing} Cure: ${fault.cure}`);
}
