import { parse } from "yaml";
import { privateKeyFault } from "../config/keys.ts";
import { didYouMean, holdsPassword, holdsPrivateKey, problemsText } from "../config/problems.ts";
import { isMapping } from "../config/shape.ts";
import { keys, secretNames } from "../config/stack-config.ts";
import { fileWords } from "../config/stack-file.ts";
import { wordsOf } from "./arguments.ts";

// `config set` must not write a secret in clear text, replace a good secret with an empty or wrong one, replace the cluster with a
// word, or write a key that no program reads.

/** What the config keys of this project's program begin with, whatever a copy of the project is called. */
export const keyPrefix = "ha-kubernetes:";

/** The keys that hold mappings, and how the path of one entry of a mapping of secrets is written. */
const mappings: Readonly<Record<string, { all: string; entry?: string; path?: RegExp; is?: string }>> = {
  cluster: { all: "the whole cluster" },
  registryLogins: {
    all: "all logins",
    entry: 'registryLogins["registry.example.com"]',
    path: /^(\["[^"]+"\]|\.[^.:["]+)$/,
    is: "one registry: a dot begins a key below the one before",
  },
  sshLogins: {
    all: "all logins",
    entry: 'sshLogins["w1"].password',
    path: /^(\["[^"]+"\]|\.[^.:["]+)\.(privateKey|passphrase|password|sudoPassword)$/,
    is: "a host or bastion and one of privateKey, passphrase, password, sudoPassword",
  },
  files: {
    all: "all files",
    entry: 'files["encryption.yaml"]',
    path: /^(\["[^"]+"\]|\.[^.:["]+)$/,
    is: "one file: a dot begins a key below the one before",
  },
};

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
  const isPath = isOn(args, "--path");
  const guard = (name: string | undefined, value: string | undefined, isSecret: boolean) => {
    guardValue(name, value, isSecret, isOwnProject);
    if (isOwnProject) guardMappings(name?.replace(keyPrefix, "") ?? "", value, isPath);
  };
  if (verb === "set") {
    guard(key, given ?? input, isOn(args, "--secret"));
    return;
  }
  for (const [index, arg] of args.entries()) {
    const [, flag, attached] = /^--(plaintext|secret|json)(?:=(.*))?$/s.exec(arg) ?? [];
    if (flag === undefined) continue;
    const text = attached ?? args[index + 1] ?? "";
    if (flag === "json") {
      for (const { name, value, secret } of entriesOf(text)) guard(name, value, secret);
      continue;
    }
    const [, name, value] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
    guard(name, value, flag === "secret");
  }
}

/** Whether the CLI takes a switch as on: the last one counts. */
const isOn = (args: readonly string[], flag: string): boolean =>
  /(^--\w+|=(1|t|T|true|True|TRUE))$/.test(args.findLast((arg) => arg === flag || arg.startsWith(`${flag}=`)) ?? "");

/** The values of a text as `config --json` prints it. The CLI refuses any other text. */
function entriesOf(text: string): { name: string; value: string | undefined; secret: boolean }[] {
  try {
    const entries = Object.entries(
      JSON.parse(text) as Record<string, { value?: string; objectValue?: unknown; secret?: boolean }>,
    );
    return entries.map(([name, { value, objectValue, secret = false }]) => ({
      name,
      value: value ?? JSON.stringify(objectValue),
      secret,
    }));
  } catch {
    return [];
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

/**
 * The cluster, the logins and the files are mappings: a word in the place of one would lose it, and a key beside it would be a setting that nothing
 * reads. A dot in an entry's name would begin a key of its own.
 */
function guardMappings(key: string, value: string | undefined, isPath: boolean): void {
  const [, root = "", below = ""] = /^(\w+)((?:[.[].*)?)$/s.exec(key) ?? [];
  if (!(keys as readonly string[]).includes(root)) return;
  const nothing = "Nothing was written.";
  const mapping = mappings[root];
  if (below === "") {
    if (mapping === undefined || value?.trim().startsWith("{") === true) return;
    // A file of logins may be YAML; of a cluster it would be one text.
    if (root === "sshLogins" && isYamlMapping(value)) return;
    const cure =
      mapping.entry === undefined
        ? "Edit the stack's file, or set one key: --path cluster.KEY VALUE"
        : `Set one: --path '${mapping.entry}'`;
    throw new Error(`the value would take the place of ${mapping.all}. ${nothing} ${cure}`);
  }
  if (mapping === undefined) throw new Error(`${root} is one text, without keys below it. ${nothing} Set ${root}`);
  if (!isPath) throw new Error(`${key} would be stored as one key of that exact name. ${nothing} Add --path`);
  if (mapping.path?.test(below) === false)
    throw new Error(`${key} is not ${mapping.is}. ${nothing} Use --path '${mapping.entry}'`);
}

function isYamlMapping(text = ""): boolean {
  try {
    return isMapping(parse(text));
  } catch {
    return false; // its words may hold a secret
  }
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
  // The passphrase of a key for hosts may be stored after it; `preview` asks for it.
  const isKey = key.endsWith("PrivateKey") || given?.endsWith(".privateKey");
  const lock = key === "backupSshPrivateKey" ? undefined : { key: "sshKeyPassphrase" };
  const fault = value !== undefined && isKey ? privateKeyFault(value, key, lock) : undefined;
  if (fault !== undefined && !(fault.isLocked && lock !== undefined))
    throw new Error(`the value for ${key} ${fault.found}. ${nothing} Cure: ${fault.cure}`);
}
