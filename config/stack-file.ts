import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseAllDocuments,
  type Scalar,
  type YAMLMap,
} from "yaml";
import { loginCure, loginKey } from "./logins.ts";
import { keyPath, type Problem, visible } from "./problems.ts";
import { secretFileCure } from "./secret-files.ts";
import { isMapping } from "./shape.ts";

// What only the text of Pulumi.<stack>.yaml shows: names and numbers that the CLI's YAML reader (Go's yaml.v3) takes for something else
// before this program sees them, and keys that it leaves out without a word.

/** What a stack's file says differently from how it looks. */
export interface FileWords {
  problems: Problem[];
  warnings: Problem[];
  /** Secrets in clear. The CLI itself encrypts them where they are stored again. */
  clear: Problem[];
}

const clusterKey = "ha-kubernetes:cluster";

/**
 * Looks through the text of a stack's file. Text that is not YAML gives nothing: the CLI has refused it. `given` is the cluster as the CLI
 * read it: where that has none of a name, it was read from another file, and nothing is said. Undefined: it has read nothing yet. Pure.
 */
export function fileWords(text: string, given: unknown): FileWords {
  const lines = new LineCounter();
  const words: FileWords = { problems: [], warnings: [], clear: [] };
  let documents: ReturnType<typeof parseAllDocuments>;
  try {
    documents = parseAllDocuments(text, { lineCounter: lines, version: "1.2", merge: true, uniqueKeys: false });
  } catch (error) {
    // Nested deeper than the stack is: parseCluster refuses that.
    if (error instanceof RangeError) return words;
    throw error;
  }
  const [first] = documents as Document.Parsed[];
  if (!Array.isArray(documents) || first === undefined || first.errors.length > 0 || !isMap(first.contents)) return words;
  if (documents.length > 1)
    words.warnings.push({ key: "the stack's file", found: "holds several documents", allowed: "one: only the first is read" });
  const at = (node: unknown) => {
    const offset = isScalar(node) ? node.range?.[0] : undefined;
    return offset === undefined ? "" : ` (line ${lines.linePos(offset).line})`;
  };
  misplaced(first.contents, at, words);
  const config = pairOf(first.contents, "config")?.value;
  if (!isMap(config)) return words;
  const cluster = pairOf(config, clusterKey)?.value ?? pairOf(config, "cluster")?.value;
  if (isMap(cluster)) walk(cluster, given, [], at, words);
  words.clear.push(...clearEntries(pairOf(config, "ha-kubernetes:registryLogins")?.value, at, clearLogin));
  words.clear.push(...clearEntries(pairOf(config, "ha-kubernetes:files")?.value, at, clearFile));
  words.clear.push(...clearHostLogins(pairOf(config, "ha-kubernetes:sshLogins")?.value, at));
  return words;
}

/** Entries beside encrypted ones: the CLI calls the whole mapping a secret as soon as one is. */
function clearEntries(
  entries: unknown,
  at: Where,
  words: (name: string, value: unknown) => Pick<Problem, "key" | "cure">,
): Problem[] {
  if (!isMap(entries) || pairOf(entries, "secure") !== undefined) return [];
  return entries.items
    .filter(({ value }) => isScalar(value))
    .map((pair) => ({
      ...words(nameOf(pair), isScalar(pair.value) ? pair.value.value : undefined),
      found: `is in clear in the stack's file${at(pair.key)}`,
      allowed: "an encrypted value",
    }));
}

const clearLogin = (name: string, login: unknown) => ({
  key: loginKey("ha-kubernetes:registryLogins", name, login),
  cure: `${loginCure}, which replaces it; and replace the password where the file was shared`,
});
const clearFile = (name: string) => ({
  key: `ha-kubernetes:files.${visible(name)}`,
  cure: `${secretFileCure(visible(name))}, which replaces it; and replace the secrets in it where the stack's file was shared`,
});

/** The same of logins at hosts. Where a field's name is none, nothing is said but that. */
function clearHostLogins(logins: unknown, at: Where): Problem[] {
  if (!isMap(logins) || pairOf(logins, "secure") !== undefined) return [];
  return logins.items.flatMap((login) => {
    const fields = isMap(login.value) ? login.value.items.filter(({ value }) => isScalar(value)) : [login];
    return fields.map((pair) => ({
      key: "ha-kubernetes:sshLogins",
      found: `holds a value in clear in the stack's file${at(pair.key)}`,
      allowed: "an encrypted value",
      cure: "config set --secret --path 'sshLogins[\"NAME\"].FIELD', which replaces it; and replace the secret where the file was shared",
    }));
  });
}

type Where = (node: unknown) => string;

const nameOf = (pair: Pair): string => (isScalar(pair.key) ? String(pair.key.source ?? pair.key.value) : "");
const pairOf = (map: YAMLMap, name: string): Pair | undefined => map.items.find((pair) => nameOf(pair) === name);

/** What Pulumi reads at the top of a stack's file. */
const topKeys = ["config", "secretsprovider", "encryptedkey", "encryptionsalt", "environment", "packages"];

function misplaced(top: YAMLMap, at: Where, words: FileWords): void {
  const place = `config → ${clusterKey}`;
  for (const pair of top.items) {
    const name = nameOf(pair);
    if (topKeys.includes(name)) continue;
    words.warnings.push({ key: visible(name), found: `is not read${at(pair.key)}`, allowed: `the cluster is below ${place}` });
  }
  const config = pairOf(top, "config")?.value;
  if (!isMap(config) || pairOf(config, clusterKey) !== undefined || pairOf(config, "cluster") !== undefined) return;
  for (const pair of config.items)
    if (isMap(pair.value) && ["hosts", "provider", "nodeCidrs"].some((key) => pairOf(pair.value as YAMLMap, key) !== undefined))
      words.warnings.push({ key: visible(nameOf(pair)), found: `is not read${at(pair.key)}`, allowed: `the name ${clusterKey}` });
}

function walk(map: YAMLMap, given: unknown, path: readonly PropertyKey[], at: Where, words: FileWords): void {
  for (const pair of map.items) {
    const { key, value } = pair;
    const name = nameOf(pair);
    const read = (isScalar(key) && name !== "<<" && readByGo(key)) || name;
    if (given !== undefined && (!isMapping(given) || (name !== "<<" && !Object.hasOwn(given, read)))) continue;
    if (read !== name)
      words.problems.push({
        key: keyPath([...path, name]),
        found: `is read by YAML as ${read}${at(key)}`,
        allowed: `a name in quotes: "${visible(name)}", or "${read}" where something was already made by that name`,
      });
    if (isMap(value)) walk(value, name === "<<" || given === undefined ? given : given[read], [...path, name], at, words);
    if (isSeq(value)) {
      const below = given === undefined || name === "<<" ? undefined : given[read];
      for (const [index, item] of value.items.entries())
        if (isMap(item)) walk(item, Array.isArray(below) ? (below[index] ?? null) : below, [...path, name, index], at, words);
    }
    if (!isScalar(value)) continue;
    const text = String(value.source ?? "");
    const number = readByGo(value);
    if (number !== undefined && /^[-+]?0[xob]?[\da-f_]+$/i.test(text) && number !== text)
      words.warnings.push({
        key: keyPath([...path, name]),
        found: `is ${visible(text)}, which YAML reads as ${number}${at(value)}`,
        allowed: "a number without leading zeros, or a text in quotes",
      });
    else if (number !== undefined && number !== text && /\d/.test(text) && !text.includes("-", 1) && isText([...path, name]))
      words.warnings.push({
        key: keyPath([...path, name]),
        found: `is ${visible(text)}, which YAML reads as ${number}${at(value)}`,
        allowed: `"${visible(text)}" in quotes, or ${number}`,
      });
  }
}

/** Whether a value is a text that may be any, so a number is taken as one: labels, taints' values, arguments and sysctls. */
const isText = ([first, second, third, , last]: readonly PropertyKey[]): boolean =>
  (first === "pools" && (third === "labels" || (third === "taints" && last === "value"))) ||
  second === "extraArgs" ||
  (first === "hostPreparation" && second === "extraSysctl");

/** How yaml.v3 and the CLI turn a plain scalar that is not a text into one; undefined for what stays as it is written. */
function readByGo(scalar: Scalar): string | undefined {
  if (scalar.type !== "PLAIN") return undefined;
  const text = String(scalar.source ?? "");
  if (/^(~|null|Null|NULL|)$/.test(text)) return "<nil>";
  if (/^(true|True|TRUE|false|False|FALSE)$/.test(text)) return text.toLowerCase();
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return `${text} 00:00:00 +0000 UTC`;
  const plain = text.replaceAll("_", "");
  const [, sign = "", octal] = /^([-+]?)0o?([0-7]+)$/.exec(plain) ?? [];
  if (octal !== undefined) return String(Number(`${sign}1`) * Number.parseInt(octal, 8));
  if (/^0x[\da-f]+$/i.test(plain) || /^0b[01]+$/i.test(plain)) return String(Number(plain));
  if (/^[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?$/i.test(plain))
    return Number.isFinite(Number(plain)) ? String(Number(plain)) : undefined;
  return undefined;
}
