import { wouldBeReplacedWith } from "./changes.ts";
import { type Execution, Refusal } from "./execution.ts";
import { dependents, goneFirst } from "./order.ts";
import { Stopped } from "./slots.ts";
import type { ResourceState } from "./state.ts";
import { remove } from "./steps.ts";
import { nameOf } from "./urn.ts";

/** Deletes resources that must be gone before they are made anew, each once. */
export class EarlyDeletions {
  readonly #execution: Execution;
  readonly #byUrn = new Map<string, Promise<ResourceState>>();

  constructor(execution: Execution) {
    this.#execution = execution;
  }

  /** What stands in the state for a resource that was deleted early; undefined for every other. */
  of(urn: string): Promise<ResourceState> | undefined {
    return this.#byUrn.get(urn);
  }

  /**
   * Deletes a resource, and before it everything that depends on it and would have to be made anew too. `registered` tells what
   * the program has registered already, which therefore does not depend on it any more.
   *
   * @returns What stands in the state for it until then.
   */
  async run(old: ResourceState, because: readonly string[], registered: (urn: string) => boolean): Promise<ResourceState> {
    const replaced = new Set([old.urn]);
    const first: ResourceState[] = [];
    for (const state of dependents(old, this.#execution.ledger.base)) {
      if (registered(state.urn) || !(await wouldBeReplacedWith(this.#execution, state, replaced))) continue;
      if (state.protect)
        throw new Refusal(`${nameOf(state.urn)} is protected: it can't be replaced together with ${nameOf(old.urn)}`);
      replaced.add(state.urn);
      first.unshift(state);
    }
    for (const state of first) await this.#once(state, [nameOf(old.urn)]);
    return this.#once(old, because);
  }

  #once(state: ResourceState, because: readonly string[]): Promise<ResourceState> {
    let deletion = this.#byUrn.get(state.urn);
    if (deletion === undefined) {
      deletion = this.#delete(state, because);
      this.#byUrn.set(state.urn, deletion);
    }
    return deletion;
  }

  async #delete(state: ResourceState, because: readonly string[]): Promise<ResourceState> {
    this.#execution.deletes.add(state.urn);
    let now = state;
    if (state.pendingReplacement) return now;
    await remove(this.#execution, state, "delete replaced", because, () => {
      now = this.#execution.ledger.change(state, { pendingReplacement: true });
    });
    return now;
  }
}

/** Deletes everything that this run has not touched, and what it replaced: each as soon as what needs it is gone. */
export async function deleteRest(execution: Execution): Promise<void> {
  const leaving = execution.ledger.base;
  for (const { urn, protect, delete: replaced, pendingReplacement } of leaving) {
    if (!protect || replaced || pendingReplacement) continue;
    execution.refuseChange(`${nameOf(urn)} is protected: it can't be deleted. Run up without its protect option first`);
  }
  for (const { urn } of leaving) execution.deletes.add(urn);
  const first = goneFirst(leaving);
  const over = new Map<ResourceState, Promise<void>>();
  // From the end, so that everyone finds whom to wait for.
  for (const state of [...leaving].reverse()) {
    const waits = (first.get(state) ?? []).map((other) => over.get(other));
    over.set(
      state,
      Promise.all(waits).then(() => leave(execution, state)),
    );
  }
  for (const result of await Promise.allSettled(over.values())) {
    if (result.status === "rejected" && !(result.reason instanceof Stopped)) throw result.reason;
  }
}

async function leave(execution: Execution, state: ResourceState): Promise<void> {
  const drop = () => execution.ledger.drop(state);
  const isProvider = state.type.startsWith("pulumi:providers:");
  if (state.custom && !state.external && !state.pendingReplacement && !isProvider) {
    return remove(execution, state, state.delete ? "delete replaced" : "delete", [], drop);
  }
  if (execution.slots.stopped) throw new Stopped();
  drop();
}
