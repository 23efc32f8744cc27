import { z } from "zod";
import { isMapping, unwrapped } from "./shape.ts";

// Rules over several keys should speak up even while some other key is wrong, so that one run names every mistake. For that the
// config is read a second time, leniently: what is wrong becomes a mark, and a rule that reads a mark is skipped, because what it
// would say is a guess.

/** Stands for a value that is wrong by itself. */
const wrong = Symbol("wrong");

/** Thrown when a rule reads a value that is wrong by itself. */
class Unreadable extends Error {}

/** What the schema can read of a value, whatever else is wrong with it. Reading what is wrong throws Unreadable. */
export function readable<T>(schema: z.ZodType<T>, value: unknown): T {
  return guarded(read(schema, value)) as T;
}

function read(schema: z.core.$ZodType, value: unknown): unknown {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === "default" || def.type === "prefault")
    return read(def.innerType, value === undefined ? def.defaultValue : value);
  if (def.type === "optional") return value === undefined ? undefined : read(def.innerType, value);
  if (def.type === "object") {
    if (!isMapping(value)) return wrong;
    return Object.fromEntries(Object.entries(def.shape).map(([key, inner]) => [key, read(inner, value[key])]));
  }
  if (def.type === "record" && unwrapped(def.valueType)._zod.def.type === "object") {
    if (!isMapping(value)) return wrong;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, read(def.valueType, inner)]));
  }
  const result = z.safeParse(schema, value);
  return result.success ? result.data : wrong;
}

function guarded(value: unknown): unknown {
  if (value === wrong) throw new Unreadable();
  if (!isMapping(value)) return value;
  return new Proxy(value, { get: (target, key, receiver) => guarded(Reflect.get(target, key, receiver)) });
}

/** What a rule finds, or nothing where it read a value that is wrong by itself. */
export function skippingUnreadable<T>(rule: () => readonly T[]): readonly T[] {
  try {
    return rule();
  } catch (error) {
    if (error instanceof Unreadable) return [];
    throw error;
  }
}
