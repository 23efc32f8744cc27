import type { ResourceState } from "./state.ts";
import { parseReference } from "./urn.ts";

// Who needs whom among the resources of a state, in which every resource stands after what it needs.

/** The URNs that a resource needs: what it depends on, its parent, what it is deleted with, its provider. */
export function needs(state: ResourceState): Set<string> {
  const urns = new Set(state.dependencies);
  for (const more of Object.values(state.propertyDependencies ?? {})) for (const urn of more) urns.add(urn);
  if (state.parent !== undefined) urns.add(state.parent);
  if (state.deletedWith !== undefined) urns.add(state.deletedWith);
  if (state.provider !== undefined) urns.add(parseReference(state.provider).urn);
  return urns;
}

/** For each resource, those that must be gone before it may go: the later ones that need it. */
export function goneFirst(states: readonly ResourceState[]): Map<ResourceState, ResourceState[]> {
  const byUrn = new Map<string, ResourceState[]>();
  const result = new Map<ResourceState, ResourceState[]>();
  for (const state of states) {
    for (const urn of needs(state)) for (const needed of byUrn.get(urn) ?? []) result.get(needed)?.push(state);
    result.set(state, []);
    byUrn.set(state.urn, [...(byUrn.get(state.urn) ?? []), state]);
  }
  return result;
}

/** All that needs a resource, directly or through others, in the order of the state; children only where they depend on it. */
export function dependents(root: ResourceState, states: readonly ResourceState[]): ResourceState[] {
  const set = new Set([root.urn]);
  return states.slice(states.indexOf(root) + 1).filter((state) => {
    const { parent: _, ...withoutParent } = state;
    if (![...needs(withoutParent)].some((urn) => set.has(urn))) return false;
    set.add(state.urn);
    return true;
  });
}
