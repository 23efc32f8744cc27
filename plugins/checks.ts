import { type Properties, unknown, type Value } from "./value.ts";

/** A fault that a check found in an input. */
export interface Failure {
  property: string;
  reason: string;
}

/** The rules of one input. */
export interface Field {
  type: "string" | "number" | "boolean" | "array" | "object";
  /** Default: false. */
  required?: boolean;
  /** The value of an absent input. Default: none. */
  default?: Value;
  /** Whether a change is made in place; if not, it replaces the resource. Default: false. */
  inPlace?: boolean;
  /** Allowed values; for a list, of its elements. Default: any. */
  oneOf?: readonly Value[];
  /** Smallest number allowed. Default: none. */
  minimum?: number;
}

/** The inputs that a resource type knows, by name. */
export type Fields = Readonly<Record<string, Field>>;

/** The inputs that break the rules of the fields. Inputs without a field are refused, not ignored. */
export function misfits(inputs: Properties, fields: Fields, path = ""): Failure[] {
  const failures = Object.entries(inputs).flatMap(([name, value]) => misfit(path + name, value, fields[name]));
  for (const [name, { required }] of Object.entries(fields)) {
    if (required && inputs[name] === undefined) failures.push({ property: path + name, reason: "is missing" });
  }
  return failures;
}

function misfit(property: string, value: Value, field: Field | undefined): Failure[] {
  if (!field) return [{ property, reason: "is not known here, but may be to Pulumi's own plugin" }];
  if (value === unknown) return [];
  const actual = Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
  if (actual !== field.type) return [{ property, reason: `must be of type ${field.type}` }];
  const { oneOf, minimum } = field;
  if (minimum !== undefined && (value as number) < minimum) return [{ property, reason: `is ${value}; the least is ${minimum}` }];
  if (!oneOf) return [];
  const wrong = (Array.isArray(value) ? value : [value]).find((one) => one !== unknown && !oneOf.includes(one));
  return wrong === undefined ? [] : [{ property, reason: `is "${String(wrong)}"; allowed: ${oneOf.join(", ")}` }];
}
