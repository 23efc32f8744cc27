import { randomBytes } from "node:crypto";
import { type Context, PartialError, type ResourceType } from "../../plugins/provider.ts";
import { changedNames, hasUnknown, type Properties, unchanged } from "../../plugins/value.ts";
import type { Clients } from "./clients.ts";

// biome-ignore lint/suspicious/noExplicitAny: the API checks inputs; this provider passes them on
export type Inputs = { readonly [key: string]: any };

/** How AWS's API creates, reads and deletes resources of one type. */
export interface Kind {
  /** Required inputs, names separated by spaces. */
  required?: string;
  /** Optional inputs. All others are refused, as by the real provider. */
  optional?: string;
  /** Inputs whose change replaces the resource, as with the real provider. Changes of others are refused, except those in `updates`. */
  replaces: string;
  /** How an input changes in place. */
  updates?: Readonly<Record<string, (clients: Clients, id: string, inputs: Inputs, before: Inputs) => Promise<unknown>>>;
  /** The input that gets a generated name, the input with its prefix, and its greatest length. */
  named?: { key: string; prefix?: string; length: number };
  /** Creates it. @returns Its id. */
  create(clients: Clients, inputs: Inputs, context: Context): Promise<string>;
  /** Outputs beside the inputs. Default: none. */
  read?(clients: Clients, id: string, inputs: Inputs): Promise<Properties>;
  delete(clients: Clients, id: string, inputs: Inputs): Promise<unknown>;
}

/** Kinds by type token. */
export type Kinds = Readonly<Record<string, Kind>>;

const words = (text = "") => text.split(/\s+/).filter((word) => word !== "");

/** The engine's part for a kind of resource. */
export function resourceType(type: string, kind: Kind, clients: () => Clients): ResourceType {
  const required = words(kind.required);
  const known = new Set([
    ...required,
    ...words(kind.optional),
    ...(kind.named ? [kind.named.key, kind.named.prefix ?? kind.named.key] : []),
  ]);
  const replacing = new Set(words(kind.replaces));
  /** Changes that would have to happen in place and can't. An unknown value may be unchanged. */
  const refuse = (before: Properties, now: Properties) => {
    for (const key of changedNames(before, now)) {
      if (kind.updates?.[key] !== undefined || hasUnknown(now[key])) continue;
      throw new Error(`${key}: the tests' provider can't change this of ${type} in place`);
    }
  };
  return {
    check: (given, old, { name }) => {
      const inputs = { ...given };
      const { named } = kind;
      if (named !== undefined && inputs[named.key] === undefined) {
        const begin = String(inputs[named.prefix ?? ""] ?? `${name}-`).slice(0, named.length - 8);
        inputs[named.key] = old[named.key] ?? `${begin}${randomBytes(4).toString("hex")}`;
      }
      const strange = Object.keys(inputs).filter((key) => !known.has(key) && !key.startsWith("__"));
      const missing = required.filter((key) => inputs[key] === undefined);
      const failures = [
        ...strange.map((property) => ({ property, reason: `is not known to the tests' provider for ${type}` })),
        ...missing.map((property) => ({ property, reason: "is missing" })),
      ];
      return { inputs, failures };
    },
    diff: (old, inputs) => {
      const changed = changedNames(old.inputs, inputs);
      return {
        update: changed.filter((key) => !replacing.has(key)),
        replace: changed.filter((key) => replacing.has(key)),
      };
    },
    preview: (inputs, old) => {
      if (old !== undefined) refuse(old.inputs, inputs);
      return inputs;
    },
    create: (inputs, context) =>
      explained(async () => {
        const id = await kind.create(clients(), inputs, context);
        try {
          return { id, outputs: { ...inputs, ...(await kind.read?.(clients(), id, inputs)) } };
        } catch (error) {
          throw new PartialError(String(error), id, inputs);
        }
      }),
    update: (old, inputs) =>
      explained(async () => {
        refuse(old.inputs, inputs);
        for (const [key, update] of Object.entries(kind.updates ?? {})) {
          if (!unchanged(old.inputs[key], inputs[key])) await update(clients(), old.id, inputs, old.inputs);
        }
        return { outputs: { ...inputs, ...(await kind.read?.(clients(), old.id, inputs)) } };
      }),
    delete: (old) =>
      explained(async () => {
        await kind.delete(clients(), old.id, old.inputs);
      }),
  };
}

/** Adds the code of AWS's errors to their message. */
async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error && "$metadata" in error) throw new Error(`${error.name}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Refuses unknown keys of a nested input. */
export function only(what: string, value: Inputs, known: string): Inputs {
  const strange = Object.keys(value).filter((key) => !words(known).includes(key));
  if (strange.length > 0) throw new Error(`${what}: ${strange.join(", ")} is not known to the tests' provider`);
  return value;
}

/** A list that the API may leave out; `first` throws if it is empty. */
export function first<T>(what: string, list: readonly T[] | undefined): T {
  const [one] = list ?? [];
  if (one === undefined) throw new Error(`${what} does not exist`);
  return one;
}

/** Tags as most services take them; with those that every resource gets. */
export const tagList = (tags: Readonly<Record<string, string>> = {}) =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
