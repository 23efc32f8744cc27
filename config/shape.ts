import type { z } from "zod";
import { didYouMean, holdsPrivateKey, keyPath, type Problem, shown } from "./problems.ts";
import { clusterSchema } from "./schema.ts";

// From zod's issues to problems: what is wrong with each key by itself.

/** The value at a path of the given config, or undefined where there is none. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, part) => (isMapping(inner) || Array.isArray(inner) ? Reflect.get(inner, part) : undefined),
    value,
  );
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Problems of a value that the schema refused. */
export function shapeProblems(value: unknown, issues: readonly z.core.$ZodIssue[]): Problem[] {
  return issues.flatMap((issue) => problemsOf(value, issue));
}

function problemsOf(value: unknown, issue: z.core.$ZodIssue): Problem[] {
  const key = keyPath(issue.path);
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(issue.path);
    return issue.keys.map((unknown) => {
      const meant = didYouMean(unknown, known);
      return {
        key: keyPath([...issue.path, unknown]),
        found: meant === undefined ? "is not a key" : `is not a key; did you mean ${meant}?`,
        allowed: known.join(", "),
      };
    });
  }
  if (issue.code === "invalid_key")
    return [{ key, found: "has a name that is not allowed", allowed: issue.issues[0]?.message ?? issue.message }];
  const given = valueAt(value, issue.path);
  return [{ key, found: given === undefined ? "is missing" : `is ${shown(given)}`, allowed: allowedBy(issue) }];
}

/** What would be right, in words: the schema's own, or some for kinds of values that have none. */
export function allowedBy(issue: z.core.$ZodIssue): string {
  if (issue.code !== "invalid_type") return issue.message;
  if (issue.expected === "object" || issue.expected === "record") return "a mapping of keys to values";
  return issue.expected === "array" ? "a list" : issue.message;
}

/** The schema inside default, prefault and optional wrappers. */
export function unwrapped(schema: z.core.$ZodType): z.core.$ZodTypes {
  const known = schema as z.core.$ZodTypes;
  const { def } = known._zod;
  return def.type === "default" || def.type === "prefault" || def.type === "optional" ? unwrapped(def.innerType) : known;
}

/** The keys that the mapping at a path may hold. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let schema = unwrapped(clusterSchema);
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
    return [
      {
        key: keyPath(path),
        found: "is a private key in clear",
        allowed: "no secret anywhere in this mapping",
        cure: "take it out, make a new key pair if the file was ever shared, and store the key as the stack's secret: config set --secret sshPrivateKey",
      },
    ];
  }
  if (Array.isArray(value)) return value.flatMap((inner, index) => secretProblems(inner, [...path, index]));
  return isMapping(value) ? Object.entries(value).flatMap(([name, inner]) => secretProblems(inner, [...path, name])) : [];
}
