import type { PendingOperation, ResourceState, Snapshot } from "./state.ts";

/**
 * The state while a deployment changes it: what is done, in the order in which it was done, then what the last run left and
 * this one has not touched. So every resource stands after what it depends on, as the CLI demands.
 */
export class Ledger {
  readonly #done = new Map<string, ResourceState>();
  #base: ResourceState[];
  readonly #pending = new Set<PendingOperation>();
  readonly #renamed = new Map<string, string>();

  constructor(base: readonly ResourceState[]) {
    this.#base = [...base];
  }

  /** What the last run left and this one has not touched. */
  get base(): readonly ResourceState[] {
    return this.#base;
  }

  /** What this run has done, by URN. */
  get done(): ReadonlyMap<string, ResourceState> {
    return this.#done;
  }

  /** A resource is as the program wants it; `old` is what it takes the place of. */
  put(state: ResourceState, old?: ResourceState): void {
    this.#done.set(state.urn, state);
    if (old !== undefined) this.drop(old);
    if (old !== undefined && old.urn !== state.urn) this.#renamed.set(old.urn, state.urn);
  }

  /** Changes what the last run left. @returns What stands there now. */
  change(old: ResourceState, changes: Partial<ResourceState>): ResourceState {
    const changed = { ...old, ...changes };
    this.#base = this.#base.map((state) => (state === old ? changed : state));
    return changed;
  }

  /** A resource of the last run is gone. */
  drop(old: ResourceState): void {
    this.#base = this.#base.filter((state) => state !== old);
  }

  /** Says that a step begins. @returns What says that it is over. */
  begin(operation: PendingOperation): () => void {
    this.#pending.add(operation);
    return () => this.#pending.delete(operation);
  }

  /** What the state file shall hold now. */
  snapshot(): Snapshot {
    const base = this.#renamed.size === 0 ? this.#base : this.#base.map((state) => this.#withNewNames(state));
    return { resources: [...this.#done.values(), ...base], pending: [...this.#pending] };
  }

  /** What still refers to a resource that was found under an alias refers to its new name. */
  #withNewNames(state: ResourceState): ResourceState {
    const now = (urn: string) => this.#renamed.get(urn) ?? urn;
    const references = [state.parent, state.deletedWith, ...(state.dependencies ?? [])];
    if (!references.some((urn) => urn !== undefined && this.#renamed.has(urn))) return state;
    return {
      ...state,
      ...(state.parent && { parent: now(state.parent) }),
      ...(state.deletedWith && { deletedWith: now(state.deletedWith) }),
      ...(state.dependencies && { dependencies: state.dependencies.map(now) }),
      ...(state.propertyDependencies && {
        propertyDependencies: Object.fromEntries(
          Object.entries(state.propertyDependencies).map(([key, urns]) => [key, urns.map(now)]),
        ),
      }),
    };
  }
}
