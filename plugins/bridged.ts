import { type Failure, type Fields, misfits } from "./checks.ts";
import type { Context, Resource, ResourceType } from "./provider.ts";
import { type Properties, unchanged, type Value } from "./value.ts";

/**
 * A resource type of a plugin that wraps a Terraform provider: its state holds the inputs as given, and among
 * the outputs all of them with defaults. The resource exists only in the state. A change that can't be made in place replaces it.
 */
export interface Bridged {
  fields: Fields;
  /** Properties that are secret. Default: none. */
  secrets?: readonly string[];
  /** The schema version that the state records; 0 is not recorded. Default: 0. */
  schemaVersion?: number;
  /** Finds faults of inputs beyond the rules of the fields; inputs may hold unknowns. Default: finds none. */
  check?: (inputs: Properties) => Failure[];
  /** Adds defaults that depend on other inputs. Default: adds none. */
  complete?: (inputs: Properties) => Properties;
  /** Names outputs that cause a replacement although no input changed. Default: none. */
  expired?: (old: Resource, inputs: Properties) => string[];
  /** Makes the resource from inputs with all defaults. */
  make: (inputs: Properties, context: Context) => Promise<{ id: string; outputs: Properties }>;
}

/** Makes a resource type. */
export function bridgedType({ fields, secrets, schemaVersion = 0, complete, ...rest }: Bridged): ResourceType {
  const defaults = Object.fromEntries(
    Object.entries(fields).flatMap(([name, field]): [string, Value][] =>
      field.default === undefined ? [] : [[name, field.default]],
    ),
  );
  const withDefaults = (inputs: Properties): Properties => ({ ...defaults, ...(complete?.(inputs) ?? inputs) });
  const meta: Properties = schemaVersion ? { __meta: JSON.stringify({ schema_version: String(schemaVersion) }) } : {};
  const updated = (inputs: Properties, old: Resource): Properties => {
    const kept = Object.entries(old.outputs).filter(([name]) => !(name in fields));
    return { ...Object.fromEntries(kept), ...withDefaults(inputs) };
  };
  return {
    secrets,
    check: (inputs) => ({ inputs, failures: [...misfits(inputs, fields), ...(rest.check?.(inputs) ?? [])] }),
    diff: (old, inputs) => {
      const now = withDefaults(inputs);
      const before = withDefaults(Object.fromEntries(Object.entries(old.outputs).filter(([name]) => name in fields)));
      const changed = Object.keys(fields).filter((name) => !unchanged(before[name], now[name]));
      const inPlace = (name: string) => fields[name]?.inPlace === true;
      const replace = changed.filter((name) => !inPlace(name));
      return { update: changed.filter(inPlace), replace: [...replace, ...(rest.expired?.(old, now) ?? [])] };
    },
    preview: (inputs, old) => (old ? updated(inputs, old) : withDefaults(inputs)),
    create: async (inputs, context) => {
      const { id, outputs } = await rest.make(withDefaults(inputs), context);
      return { id, outputs: { ...meta, ...withDefaults(inputs), ...outputs } };
    },
    update: async (old, inputs) => ({ outputs: updated(inputs, old) }),
  };
}
