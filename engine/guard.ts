import { privateKeyFault } from "../config/keys.ts";
import { keys, secretNames } from "../config/load.ts";
import { didYouMean, holdsPrivateKey } from "../config/problems.ts";
import { wordsOf } from "./arguments.ts";

// What `config set` must not do: write a secret in clear, an empty or wrong one over a good one, or a key that no program reads.

const prefix = "ha-kubernetes:";

/** Whether a command line sets config values. */
export const setsConfig = (words: readonly string[]): boolean => words[0] === "config" && /^set(-all)?$/.test(words[1] ?? "");

/**
 * Refuses a `config set` or `set-all` that would store a secret in clear, an empty secret, or a key that does not exist. `input` is what
 * came through standard input.
 *
 * @throws Error with the cure
 */
export function guardConfigSet(args: readonly string[], input: string | undefined, isOwnProject: boolean): void {
  const [, verb, key, given] = wordsOf(args);
  const isSecret = args.some((arg) => arg === "--secret" || arg === "--secret=true");
  if (verb === "set") {
    guardValue(key, given ?? input, isSecret, isOwnProject);
    return;
  }
  for (const [index, arg] of args.entries()) {
    const [, flag, attached] = /^--(plaintext|secret)(?:=(.*))?$/s.exec(arg) ?? [];
    if (flag === undefined) continue;
    const [, name, value] = /^([^=]*)=(.*)$/s.exec(attached ?? args[index + 1] ?? "") ?? [];
    guardValue(name, value, flag === "secret", isOwnProject);
  }
}

function guardValue(given: string | undefined, value: string | undefined, isSecret: boolean, isOwnProject: boolean): void {
  const nothing = "Nothing was written.";
  if (!isSecret && holdsPrivateKey(value ?? "")) throw new Error(`the value is a private key. ${nothing} Add --secret`);
  const key = given?.replace(prefix, "").split(/[.[]/)[0];
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
