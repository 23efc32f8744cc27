import type { z } from "zod";
import { keyPath, type Problem } from "./problems.ts";
import { isMapping, unwrapped } from "./shape.ts";
import { bytes, dnsLabel, processors } from "./values.ts";

// What a YAML file says and what its writer meant are not always one: an empty section is null, digits are a number. Where only one
// thing can be meant, it is taken.

/** A config as it was meant. */
export interface Meant {
  value: unknown;
  /** Values that are read differently from how they are written; the user should know. */
  warnings: Problem[];
  /** What can't be taken at all. */
  problems: Problem[];
}

/** The config as it was meant: empty sections are left out, numbers are texts where texts are asked for. Pure. */
export function asMeant(schema: z.core.$ZodType, value: unknown): Meant {
  const meant: Meant = { value: undefined, warnings: [], problems: [] };
  meant.value = read(schema, value, [], meant);
  return meant;
}

function read(schema: z.core.$ZodType, value: unknown, path: PropertyKey[], meant: Meant): unknown {
  const inner = unwrapped(schema);
  const { def } = inner._zod;
  if (def.type === "string") return asText(inner, value, path);
  if (def.type === "array" && Array.isArray(value))
    return value.map((item, index) => read(def.element, item, [...path, index], meant));
  if (!isMapping(value) || (def.type !== "object" && def.type !== "record")) return value;
  const entries = Object.entries(value).flatMap(([name, item]): [string, unknown][] => {
    const at = [...path, name];
    // JavaScript gives every object something by this name: zod drops it without a word.
    if (name === "__proto__") {
      meant.problems.push({ key: keyPath(at), found: "has a name that is not allowed", allowed: "any other name" });
      return [];
    }
    const below = def.type === "record" ? def.valueType : Object.hasOwn(def.shape, name) ? def.shape[name] : undefined;
    if (below === undefined) return [[name, item]];
    if (item !== null) return [[name, read(below as z.core.$ZodType, item, at, meant)]];
    const isNamed = def.type === "record" && unwrapped(below as z.core.$ZodType)._zod.def.type === "object";
    if (def.type === "record" && !isNamed) return [[name, item]];
    const allowed = isNamed ? `${name}: {} where nothing is set` : "a value, or no such line";
    meant.warnings.push({ key: keyPath(at), found: "is empty, and taken as not written", allowed });
    return isNamed ? [[name, {}]] : [];
  });
  return Object.fromEntries(entries);
}

/** Arguments of a component, where YAML's truth values are meant as texts too. */
const isArgument = ([, key]: readonly PropertyKey[]) => key === "extraArgs";

/** A day without quotes, as Pulumi hands it over. */
const day = /^(\d{4}-\d{2}-\d{2}) 00:00:00 \+0000 UTC$/;

function asText(schema: z.core.$ZodType, value: unknown, path: readonly PropertyKey[]): unknown {
  // Beyond 2^53 digits are lost; of 1.10 only 1.1 is left, which no amount minds.
  if (typeof value === "number")
    return Number.isSafeInteger(value) || (isAmount(schema) && Number.isFinite(value)) ? String(value) : value;
  if (typeof value === "boolean") return isArgument(path) ? String(value) : value;
  return typeof value === "string" && isOf(schema, dnsLabel) ? value.replace(day, "$1") : value;
}

/** Whether a schema is another one: `describe` makes a copy with the same definition. */
const isOf = (schema: z.core.$ZodType, other: z.core.$ZodType) => schema._zod.def === other._zod.def;
const isAmount = (schema: z.core.$ZodType) => isOf(schema, bytes) || isOf(schema, processors);
