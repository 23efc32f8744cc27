import { keys, secretNames } from "../config/load.ts";
import { didYouMean, holdsPrivateKey } from "../config/problems.ts";

// What `config set` must not do: write a key in clear, or a key that no program reads.

const prefix = "ha-kubernetes:";

/**
 * Refuses a `config set` that would store a secret in clear, or that names no key. `value` is what follows the key, or what came through
 * standard input.
 *
 * @throws Error with the cure
 */
export function guardConfigSet(args: readonly string[], value: string, isOwnProject: boolean): void {
  const isSecret = args.includes("--secret");
  if (!isSecret && holdsPrivateKey(value)) throw new Error("this value is a private key: nothing was written. Add --secret");
  if (!isOwnProject || args.includes("--path")) return;
  const key = keyOf(args)?.replace(prefix, "");
  if (key === undefined || key.includes(":")) return;
  if (!(keys as readonly string[]).includes(key)) {
    const meant = didYouMean(key, keys);
    throw new Error(
      `${key} is not a config key${meant ? `; did you mean ${meant}?` : ""} Nothing was written. Keys: ${keys.join(", ")}`,
    );
  }
  if (!isSecret && (secretNames as readonly string[]).includes(key))
    throw new Error(`${key} is a secret: nothing was written. Add --secret`);
}

/** The arguments of `config set` that are no flags: the key, and the value where it is given. */
export function positionals(args: readonly string[]): string[] {
  const withValue = ["-s", "--stack", "--config-file", "--color", "-C", "--cwd", "--type"];
  return args
    .slice(2)
    .filter((arg, index, all) => arg === "-" || (!arg.startsWith("-") && !withValue.includes(all[index - 1] ?? "")));
}

const keyOf = (args: readonly string[]): string | undefined => positionals(args)[0];
