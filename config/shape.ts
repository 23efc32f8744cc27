import type { z } from "zod";
import { didYouMean, holdsPrivateKey, keyPath, oneProblem, type Problem, shown } from "./problems.ts";
import type { Known } from "./provider.ts";
import { isSecretKey, keyBelow, keyElsewhere, valueMeant } from "./words.ts";

// Turns zod's issues into problems: the mistakes in each key by itself.

/** The value at a path of the given config, or undefined where there is none. */
function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, part) => (isMapping(inner) || Array.isArray(inner) ? Reflect.get(inner, part) : undefined),
    value,
  );
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Problems of a value that the schema refused. */
export function shapeProblems(known: Known, value: unknown, issues: readonly z.core.$ZodIssue[]): Problem[] {
  return issues.flatMap((issue) => problemsOf(known, value, issue));
}

function problemsOf(known: Known, value: unknown, issue: z.core.$ZodIssue): Problem[] {
  const key = keyPath(issue.path);
  if (issue.code === "unrecognized_keys") return issue.keys.map((unknown) => unknownKey(known, issue.path, unknown));
  if (issue.code === "invalid_key")
    return oneProblem(key, "has a name that is not allowed", issue.issues[0]?.message ?? issue.message);
  const given = valueAt(value, issue.path);
  const found = given === undefined ? "is missing" : `is ${shown(given)}${valueAdvice(given, issue)}`;
  return oneProblem(key, found, allowedBy(issue));
}

/** A word that was meant where only a few are allowed. */
function valueAdvice(given: unknown, issue: z.core.$ZodIssue): string {
  if (issue.code !== "invalid_value" || typeof given !== "string") return "";
  const words = issue.values.map(String);
  const meant = valueMeant(given, words) ?? didYouMean(given, words);
  return meant === undefined ? "" : `; did you mean ${meant}?`;
}

function unknownKey(known: Known, path: readonly PropertyKey[], unknown: string): Problem {
  const keys = keysAt(known.schema, path);
  const key = keyPath([...path, unknown]);
  const allowed = keys.join(", ");
  const own = path.length === 1 ? keyBelow(String(path[0]), unknown) : undefined;
  if (own !== undefined && "cure" in own) return { key, found: "is not a key", allowed, cure: own.cure };
  const meant = own?.meant ?? meantKey(known, unknown, keys);
  const found = meant === undefined ? "is not a key" : `is not a key; did you mean ${meant}?`;
  if (meant !== undefined || !isSecretKey(unknown)) return { key, found, allowed };
  const cure =
    "no secret goes in here, where it is in clear: replace it, and store the new one by config set --secret sshPrivateKey, sshPassword, sudoPassword, registryLogins or proxyLogin";
  return { key, found, allowed, cure };
}

/** The key that was meant: another tool's, one of another place, or a mistyped one of this place. */
function meantKey(known: Known, unknown: string, keys: readonly string[]): string | undefined {
  const elsewhere = keyElsewhere(unknown);
  if (elsewhere !== undefined) {
    const last = elsewhere.split(".").at(-1) as string;
    return keys.includes(last) ? last : elsewhere;
  }
  const places = keyPlaces(known).get(unknown) ?? [];
  if (places.length > 0 && places.length <= 2) return places.join(" or ");
  return didYouMean(unknown, keys);
}

/** The paths at which each key of the schema may stand, those in providers' sections left out: they have many of the others' names. */
function keyPlaces({ schema, providers }: Known): Map<string, string[]> {
  const places = new Map<string, string[]>();
  const walk = (schema: z.core.$ZodType, path: string) => {
    const { def } = unwrapped(schema)._zod;
    if (def.type === "record") walk(def.valueType, `${path}.NAME`);
    if (def.type === "array") walk(def.element, path);
    if (def.type !== "object") return;
    for (const [key, inner] of Object.entries(def.shape)) {
      const at = path === "" ? key : `${path}.${key}`;
      places.set(key, [...(places.get(key) ?? []), at]);
      if (!providers.some(({ name }) => name === key)) walk(inner as z.core.$ZodType, at);
    }
  };
  walk(schema, "");
  return places;
}

/** What would be right, in words: the schema's own, or some for kinds of values that have none. */
export function allowedBy(issue: z.core.$ZodIssue): string {
  if (issue.code !== "invalid_type") return issue.message;
  if (issue.expected === "object" || issue.expected === "record") return "a mapping of keys to values";
  return issue.expected === "array" ? "a list" : issue.message;
}

/** The schema inside default, prefault and optional wrappers, and behind or before what rewrites a value. */
export function unwrapped(schema: z.core.$ZodType): z.core.$ZodTypes {
  const known = schema as z.core.$ZodTypes;
  const { def } = known._zod;
  // Before a transformation stands the kind of value that is read; after one of the raw value, the kind that it becomes.
  if (def.type === "pipe") return unwrapped(def.out._zod.def.type === "transform" ? def.in : def.out);
  return def.type === "default" || def.type === "prefault" || def.type === "optional" ? unwrapped(def.innerType) : known;
}

/** The keys that the mapping at a path may hold. */
function keysAt(whole: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  let schema = unwrapped(whole);
  for (const part of path) {
    const { def } = schema._zod;
    if (def.type === "object") schema = unwrapped(def.shape[String(part)] as z.core.$ZodType);
    else if (def.type === "record") schema = unwrapped(def.valueType);
    else if (def.type === "array") schema = unwrapped(def.element);
  }
  const { def } = schema._zod;
  if (def.type === "object") return Object.keys(def.shape);
  return def.type === "record" && def.keyType._zod.values !== undefined ? [...def.keyType._zod.values].map(String) : [];
}

/** Private keys written anywhere into the config, which is a file in clear. */
export function secretProblems(value: unknown, path: readonly PropertyKey[] = []): Problem[] {
  if (typeof value === "string") {
    if (!holdsPrivateKey(value)) return [];
    return oneProblem(
      keyPath(path),
      "is a private key in clear",
      "no secret anywhere in this mapping",
      "take it out, make a new key pair if the file was ever shared, and store the key as the stack's secret: config set --secret sshPrivateKey",
    );
  }
  if (Array.isArray(value)) return value.flatMap((inner, index) => secretProblems(inner, [...path, index]));
  return isMapping(value) ? Object.entries(value).flatMap(([name, inner]) => secretProblems(inner, [...path, name])) : [];
}
