import { randomUUID } from "node:crypto";
import { checked, difference } from "./changes.ts";
import { deleteRest, EarlyDeletions } from "./deletions.ts";
import { Execution, type ExecutionOptions, Refusal } from "./execution.ts";
import type { Goal, Registered } from "./goal.ts";
import { ignoreChanges } from "./paths.ts";
import type { Watcher } from "./progress.ts";
import type { Properties } from "./providers/provider.ts";
import { Stopped } from "./slots.ts";
import type { ResourceState, Snapshot } from "./state.ts";
import { create, lasting, stateOf, update, type Wanted } from "./steps.ts";
import { formerUrns, makeUrn, nameOf, packageOf, stackType } from "./urn.ts";
import { hasSecret, markNames, plainProperties, reuseSecrets, type TrackedProperties } from "./values.ts";

/** What a deployment is about. */
export interface DeploymentOptions extends ExecutionOptions {
  project: string;
  stack: string;
}

/**
 * Brings a stack from its last state to what the program registers, step by step, as the real engine does: a registration is
 * answered when its step is done, and what was not registered is deleted at the end.
 */
export class Deployment extends Execution {
  readonly #project: string;
  readonly #stack: string;
  /** What the last run left, by URN, without what only waits for its deletion. */
  readonly #olds = new Map<string, ResourceState>();
  readonly #goals = new Map<string, Goal>();
  /** New URN to former URN, where an alias found it. */
  readonly #aliased = new Map<string, string>();
  readonly #early = new EarlyDeletions(this);
  readonly #providers = new Map<string, string>();
  readonly #lastOutputs: TrackedProperties;
  #root: string | undefined;

  constructor(options: DeploymentOptions, last: readonly ResourceState[], watcher: Watcher) {
    super(options, last, watcher);
    this.#project = options.project;
    this.#stack = options.stack;
    for (const state of last) if (!state.delete) this.#olds.set(state.urn, state);
    this.#lastOutputs = last.find(({ type }) => type === stackType)?.outputs ?? {};
  }

  /** What the state file shall hold now. */
  snapshot(): Snapshot {
    return this.ledger.snapshot();
  }

  /** The stack's outputs as they are now. */
  get outputs(): TrackedProperties {
    return (this.#root === undefined ? undefined : this.ledger.done.get(this.#root)?.outputs) ?? {};
  }

  /**
   * Makes a resource as the program wants it.
   *
   * @throws Stopped when it was not made because something failed or the user stopped; then the program gets no answer.
   * @throws Refusal when it can't be made that way.
   */
  async register(wanted: Goal): Promise<Registered> {
    const goal = this.#inherit(wanted);
    const urn = makeUrn(this.#stack, this.#project, goal.type, goal.name, goal.parent);
    if (this.#goals.has(urn)) throw new Refusal(`the program registers ${goal.type} ${goal.name} twice (${urn})`);
    this.#goals.set(urn, goal);
    if (goal.type === stackType) this.#root = urn;
    const old = this.#findOld(urn, goal);
    if (goal.custom) return this.#registerCustom(urn, goal, old);
    // A component's outputs come later; until then it has those of the last run.
    const own = { inputs: goal.inputs, outputs: old?.outputs ?? {}, ...(old && lasting(old)) };
    this.ledger.put(stateOf(urn, goal, own), old);
    return { urn, outputs: {} };
  }

  /** What a resource takes over from its parent. */
  #inherit(wanted: Goal): Goal {
    const parent = wanted.parent ?? (wanted.type === stackType ? undefined : this.#root);
    const from = parent === undefined ? undefined : this.#goals.get(parent);
    const pick = (key: "protect" | "retainOnDelete" | "deletedWith") => {
      const value = wanted[key] ?? from?.[key];
      return value === undefined ? {} : { [key]: value };
    };
    const inherited = { ...pick("protect"), ...pick("retainOnDelete"), ...pick("deletedWith") };
    return { ...wanted, ...(parent !== undefined && { parent }), ...inherited };
  }

  #findOld(urn: string, goal: Goal): ResourceState | undefined {
    const { type, name, parent } = goal;
    const place = { stack: this.#stack, project: this.#project, type, name, ...(parent !== undefined && { parent }) };
    for (const candidate of [urn, ...formerUrns(place, goal.aliases, this.#aliased)]) {
      const old = this.#olds.get(candidate);
      if (old === undefined) continue;
      if (candidate !== urn) {
        const taken = this.#goals.has(candidate) || [...this.#aliased.values()].includes(candidate);
        if (taken) throw new Refusal(`${type} ${name} has the alias ${candidate}, which is another resource of the program`);
        this.#aliased.set(urn, candidate);
      }
      return old;
    }
    return undefined;
  }

  async #registerCustom(urn: string, goal: Goal, old: ResourceState | undefined): Promise<Registered> {
    if (goal.type.startsWith("pulumi:providers:")) {
      throw new Refusal("providers made by the program are not known to this engine, only default ones; use the Pulumi CLI");
    }
    const type = await this.typeFor(goal.type);
    const wanted: Wanted = { urn, goal, type, provider: this.#defaultProvider(packageOf(goal.type), goal.version) };
    const early = await this.#early.of(old?.urn ?? urn);
    return this.#answer(await this.#step(wanted, early ?? old, early !== undefined));
  }

  /** Asks a provider's function. @throws Refusal for one that the engine does not know. */
  async invoke(token: string, inputs: TrackedProperties): Promise<Properties> {
    const found = (await this.options.find(packageOf(token)))?.functions?.[token];
    if (found === undefined) throw new Refusal(`the function ${token} is not known to this engine; use the Pulumi CLI`);
    return found(plainProperties(inputs));
  }

  /** Decides which step a resource needs, and takes it. */
  async #step(wanted: Wanted, old: ResourceState | undefined, deletedEarly: boolean): Promise<ResourceState> {
    const { urn, goal, type, provider } = wanted;
    // What is made anew takes over nothing from the old one, not even what `ignoreChanges` names.
    const fresh = () => checked(this, type, urn, goal.inputs);
    if (old === undefined || deletedEarly) return create(this, wanted, await fresh(), old);
    const inputs = await checked(this, type, urn, ignoreChanges(goal.inputs, old.inputs, goal.ignoreChanges), old);
    const { update: updates, replace, deleteBeforeReplace } = await difference(this, type, old, inputs, goal.replaceOnChanges);
    if (replace.length > 0 || old.pendingReplacement) {
      const message = `${nameOf(urn)} is protected: it can't be replaced (because of ${replace.join(", ")})`;
      if (goal.protect && old.protect) this.refuseChange(message);
      const first = goal.deleteBeforeReplace ?? deleteBeforeReplace ?? false;
      const isRegistered = (other: string) => this.#goals.has(other);
      const anew = await fresh();
      return create(this, wanted, anew, first ? await this.#early.run(old, replace, isRegistered) : old, replace);
    }
    if (updates.length > 0 || (old.initErrors?.length ?? 0) > 0) return update(this, wanted, inputs, old);
    const outputs = markNames(old.outputs, goal.additionalSecretOutputs);
    const state = stateOf(urn, goal, { inputs: reuseSecrets(inputs, old.inputs), outputs, provider, ...lasting(old) });
    this.ledger.put(state, old);
    this.watcher.done({ operation: "same", urn, custom: true });
    return state;
  }

  #answer({ urn, id, outputs }: ResourceState): Registered {
    return { urn, ...(id !== undefined && { id }), outputs };
  }

  /** Deletes what the program no longer registers and what was replaced. What goes wrong is shown, and the deployment fails. */
  async finish(): Promise<void> {
    try {
      await this.guard("deleting", () => deleteRest(this));
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
    }
  }

  /** Gives a component, or the stack itself, its outputs. */
  registerOutputs(urn: string, outputs: TrackedProperties): void {
    const state = this.ledger.done.get(urn);
    if (state === undefined) throw new Refusal(`the program gives outputs to a resource that is not registered: ${urn}`);
    this.ledger.put({ ...state, outputs: reuseSecrets(outputs, state.outputs) });
  }

  /** Serves a StackReference to the stack itself: its outputs as the last run left them. @throws Refusal for another stack. */
  readStack(name: string, parent: string | undefined): Registered {
    const own = [this.#stack, `${this.#project}/${this.#stack}`, `organization/${this.#project}/${this.#stack}`];
    if (!own.includes(name)) {
      throw new Refusal(`StackReference ${name}: this engine serves only the stack itself, ${own.at(-1)}; use the Pulumi CLI`);
    }
    const type = "pulumi:pulumi:StackReference";
    const urn = makeUrn(this.#stack, this.#project, type, name, parent);
    const last = this.#lastOutputs;
    const secretOutputNames = Object.keys(last).filter((key) => hasSecret(last[key] ?? null));
    const outputs = { name, outputs: last, secretOutputNames: secretOutputNames.sort() };
    const provider = this.#defaultProvider("pulumi", undefined);
    const state = { urn, type, custom: true, external: true, id: name, inputs: { name }, outputs, provider };
    this.ledger.put({ ...state, ...(parent !== undefined && { parent }) }, this.#olds.get(urn));
    return { urn, id: name, outputs };
  }

  /** The reference to a package's default provider, which stands in the state as a resource. */
  #defaultProvider(packageName: string, version: string | undefined): string {
    const name = version === undefined ? "default" : `default_${version.replaceAll(/[^A-Za-z0-9]/g, "_")}`;
    const type = `pulumi:providers:${packageName}`;
    const urn = makeUrn(this.#stack, this.#project, type, name);
    let reference = this.#providers.get(urn);
    if (reference === undefined) {
      const old = this.#olds.get(urn);
      const properties: { inputs: TrackedProperties; outputs: TrackedProperties } =
        version === undefined ? { inputs: {}, outputs: {} } : { inputs: { __internal: {}, version }, outputs: { version } };
      const now = new Date().toISOString();
      const id = old?.id ?? randomUUID();
      this.ledger.put({ ...(old ?? { ...properties, created: now, modified: now }), urn, type, custom: true, id }, old);
      reference = `${urn}::${id}`;
      this.#providers.set(urn, reference);
    }
    return reference;
  }
}
