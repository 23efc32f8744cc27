import { type Execution, Refusal } from "./execution.ts";
import { changedPaths, covers, parsePath } from "./paths.ts";
import { type Difference, type Properties, type Resource, type ResourceType, unknown, type Value } from "./providers/provider.ts";
import type { ResourceState } from "./state.ts";
import { nameOf } from "./urn.ts";
import { markInner, markProperties, plainProperties, same, type TrackedProperties } from "./values.ts";

// What a resource's new inputs mean: whether they are valid, and whether they update or replace it.

/** A state as a provider sees it. */
export const asResource = (state: ResourceState): Resource => ({
  id: state.id ?? "",
  inputs: plainProperties(state.inputs),
  outputs: plainProperties(state.outputs),
});

/** Lets the provider validate and complete inputs. @throws Refusal naming the resource and each property that is wrong. */
export async function checked(
  execution: Execution,
  type: ResourceType,
  urn: string,
  inputs: TrackedProperties,
  old?: ResourceState,
): Promise<TrackedProperties> {
  const inner = type.innerSecrets ?? [];
  if (type.check === undefined) return markInner(inputs, inner);
  const answer = await type.check(plainProperties(inputs), old && plainProperties(old.inputs), execution.context(urn));
  const failures = answer.failures ?? [];
  if (failures.length > 0) {
    throw new Refusal(failures.map(({ property, reason }) => `${nameOf(urn)}: ${property}: ${reason}`).join("\n"));
  }
  return markInner(markProperties(answer.inputs, inputs), inner);
}

/** Finds what differs; what `replaceOnChanges` covers replaces instead of being updated. */
export async function difference(
  execution: Execution,
  type: ResourceType,
  old: ResourceState,
  inputs: TrackedProperties,
  replaceOnChanges: readonly string[],
): Promise<Difference> {
  const plain = plainProperties(inputs);
  const before = asResource(old);
  const found = await (type.diff?.(before, plain, execution.context(old.urn)) ?? defaultDifference(before, plain));
  const differing = new Set([...found.update, ...found.replace]);
  const patterns = replaceOnChanges.map(parsePath);
  const forced = changedPaths(old.inputs, inputs)
    .filter((path) => differing.has(String(path[0])) && patterns.some((pattern) => covers(pattern, path)))
    .map((path) => String(path[0]));
  const replace = [...new Set([...found.replace, ...forced])];
  return { ...found, replace, update: found.update.filter((key) => !replace.includes(key)) };
}

/** Every top-level input that differs is updated in place. */
function defaultDifference(old: Resource, inputs: Properties): Difference {
  const keys = [...new Set([...Object.keys(old.inputs), ...Object.keys(inputs)])];
  return { update: keys.filter((key) => !same(old.inputs[key], inputs[key])), replace: [] };
}

/** Whether a resource would be replaced if the inputs that depend on one of `replaced` were not known. */
export async function wouldBeReplacedWith(
  execution: Execution,
  state: ResourceState,
  replaced: ReadonlySet<string>,
): Promise<boolean> {
  if (!state.custom || state.external || state.delete) return false;
  const affected = Object.entries(state.propertyDependencies ?? {}).filter(([, urns]) => urns.some((urn) => replaced.has(urn)));
  const keys = affected.map(([key]) => key).filter((key) => Object.hasOwn(state.inputs, key));
  if (keys.length === 0) return false;
  const inputs: TrackedProperties = { ...state.inputs, ...Object.fromEntries(keys.map((key) => [key, unknown as Value])) };
  const type = await execution.typeFor(state.type);
  return (await difference(execution, type, state, inputs, state.replaceOnChanges ?? [])).replace.length > 0;
}

/** The outputs of an update in a preview, where the provider does not tell them. */
export function previewOfUpdate(inputs: Properties, old: ResourceState): Properties {
  const rest = Object.keys(old.outputs).filter((key) => !Object.hasOwn(old.inputs, key));
  return { ...Object.fromEntries(rest.map((key) => [key, unknown as Value])), ...inputs };
}
