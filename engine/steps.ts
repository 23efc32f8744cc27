import { asResource, previewOfUpdate } from "./changes.ts";
import type { Execution } from "./execution.ts";
import type { Goal } from "./goal.ts";
import type { Operation, Step } from "./progress.ts";
import { PartialError, type Properties, type ResourceType } from "./providers/provider.ts";
import { Stopped } from "./slots.ts";
import type { ResourceState } from "./state.ts";
import { nameOf } from "./urn.ts";
import { markProperties, plainProperties, type TrackedProperties } from "./values.ts";

// The steps: create, update, delete. Each answers when it is done and recorded; a preview only says what they would do.

/** A resource that the program wants, with all that a step needs to know. */
export interface Wanted {
  urn: string;
  goal: Goal;
  type: ResourceType;
  /** Reference to the provider. */
  provider: string;
}

/** What a resource's state holds beside what the goal says. */
export interface Own extends Partial<Pick<ResourceState, "id" | "provider" | "initErrors" | "created" | "modified">> {
  inputs: TrackedProperties;
  outputs: TrackedProperties;
}

/** Makes the state of a resource. */
export function stateOf(urn: string, goal: Goal, own: Own): ResourceState {
  const now = new Date().toISOString();
  const { type, custom, parent, deletedWith, protect, retainOnDelete, customTimeouts } = goal;
  const { dependencies, propertyDependencies, additionalSecretOutputs, ignoreChanges, replaceOnChanges } = goal;
  return {
    urn,
    type,
    custom,
    ...(parent !== undefined && { parent }),
    ...(protect && { protect }),
    ...(retainOnDelete && { retainOnDelete }),
    ...(deletedWith !== undefined && { deletedWith }),
    ...(Object.keys(customTimeouts).length > 0 && { customTimeouts }),
    ...{ dependencies, propertyDependencies, additionalSecretOutputs, ignoreChanges, replaceOnChanges },
    created: now,
    modified: now,
    ...own,
  };
}

/** What of a state stays when it is updated. */
export const lasting = ({ id, created, modified }: ResourceState): Partial<Own> => ({
  ...(id !== undefined && { id }),
  ...(created !== undefined && { created }),
  ...(modified !== undefined && { modified }),
});

const secretNames = ({ goal, type }: Wanted) => [...goal.additionalSecretOutputs, ...(type.secretOutputs ?? [])];

/** Makes a resource. `old` is what it replaces: gone already (`pendingReplacement`), or deleted at the end. */
export async function create(
  execution: Execution,
  wanted: Wanted,
  inputs: TrackedProperties,
  old?: ResourceState,
  because: readonly string[] = [],
): Promise<ResourceState> {
  const { urn, goal, type, provider } = wanted;
  const operation: Operation = old === undefined ? "create" : "replace";
  const step: Step = { operation, urn, custom: true, ...(old && { before: old.inputs }), after: inputs, because };
  const record = (outputs: Properties, made: Partial<Own>) => {
    const state = stateOf(urn, goal, {
      inputs,
      outputs: markProperties(outputs, inputs, secretNames(wanted)),
      provider,
      ...made,
    });
    execution.deletes.delete(urn);
    const deleteLater = old !== undefined && !old.pendingReplacement;
    execution.ledger.put(state, deleteLater ? undefined : old);
    if (deleteLater) execution.ledger.change(old, { delete: true });
    return state;
  };
  const plain = plainProperties(inputs);
  const context = execution.context(urn);
  if (execution.options.preview) {
    const outputs = (await type.preview?.(plain, undefined, context)) ?? plain;
    execution.watcher.done(step);
    return record(outputs, {});
  }
  const pending = stateOf(urn, goal, { inputs, outputs: {}, provider });
  return execution.run(step, { type: "creating", resource: pending }, async () => {
    try {
      const { id, outputs } = await type.create(plain, context);
      return record(outputs, { id });
    } catch (error) {
      if (error instanceof PartialError) record(error.outputs, { id: error.id, initErrors: [error.message] });
      throw error;
    }
  });
}

/** Updates a resource in place. */
export async function update(
  execution: Execution,
  wanted: Wanted,
  inputs: TrackedProperties,
  old: ResourceState,
): Promise<ResourceState> {
  const { urn, goal, type, provider } = wanted;
  const step: Step = { operation: "update", urn, custom: true, before: old.inputs, after: inputs };
  const record = (outputs: Properties, initErrors?: string[]) => {
    const tracked = markProperties(outputs, inputs, secretNames(wanted));
    const times = { ...lasting(old), modified: new Date().toISOString() };
    const state = stateOf(urn, goal, { inputs, outputs: tracked, provider, ...times, ...(initErrors && { initErrors }) });
    execution.ledger.put(state, old);
    return state;
  };
  const plain = plainProperties(inputs);
  const context = execution.context(urn);
  if (execution.options.preview) {
    const outputs = (await type.preview?.(plain, asResource(old), context)) ?? previewOfUpdate(plain, old);
    execution.watcher.done(step);
    return record(outputs);
  }
  return execution.run(step, { type: "updating", resource: old }, async () => {
    if (type.update === undefined) throw new Error(`resources of type ${goal.type} can't be updated`);
    try {
      return record((await type.update(asResource(old), plain, context)).outputs);
    } catch (error) {
      if (error instanceof PartialError) record(error.outputs, [error.message]);
      throw error;
    }
  });
}

/** Deletes a resource, unless its options spare it; `gone` changes the state when it is. */
export async function remove(
  execution: Execution,
  state: ResourceState,
  operation: Operation,
  because: readonly string[],
  gone: () => void,
): Promise<void> {
  const goesWith = state.deletedWith !== undefined && execution.deletes.has(state.deletedWith);
  const spared = goesWith ? `goes with ${nameOf(state.deletedWith ?? "")}` : undefined;
  const note = state.retainOnDelete ? "kept as it is: retainOnDelete" : spared;
  const step: Step = { operation, urn: state.urn, custom: true, before: state.inputs, because, ...(note && { note }) };
  if (execution.options.preview || note !== undefined) {
    if (execution.slots.stopped) throw new Stopped();
    gone();
    execution.watcher.done(step);
    return;
  }
  const type = await execution.typeFor(state.type);
  await execution.run(step, { type: "deleting", resource: state }, async () => {
    await type.delete?.(asResource(state), execution.context(state.urn));
    gone();
  });
}
