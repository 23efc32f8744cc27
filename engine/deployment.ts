import { randomUUID } from "node:crypto";
import type { Goal, Registered } from "./goal.ts";
import { Ledger } from "./ledger.ts";
import { dependents, goneFirst } from "./order.ts";
import { changedPaths, covers, ignoreChanges, parsePath } from "./paths.ts";
import type { Operation, Step, Watcher } from "./progress.ts";
import type { FindProvider } from "./providers/index.ts";
import {
  type Context,
  type Difference,
  PartialError,
  type Properties,
  type Resource,
  type ResourceType,
  unknown,
  type Value,
} from "./providers/provider.ts";
import { Slots, Stopped } from "./slots.ts";
import type { PendingOperation, ResourceState, Snapshot } from "./state.ts";
import { formerUrns, makeUrn, nameOf, packageOf, stackType } from "./urn.ts";
import { hasSecret, markNames, markProperties, plainProperties, reuseSecrets, same, type TrackedProperties } from "./values.ts";

/** What a deployment is about. */
export interface DeploymentOptions {
  project: string;
  stack: string;
  /** Changes nothing: only finds out what would happen. */
  preview: boolean;
  /** Steps that may run at once. */
  parallel: number;
  /** Writes the snapshot; done when it is on the disk. */
  save: () => Promise<void>;
}

/** A resource that can't be made as the program wants it; the message is for the user. */
class Refusal extends Error {}

/**
 * Brings a stack from its last state to what the program registers, step by step, as the real engine does: a registration is
 * answered when its step is done, and what was not registered is deleted at the end.
 */
export class Deployment {
  readonly #options: DeploymentOptions;
  readonly #find: FindProvider;
  readonly #watcher: Watcher;
  readonly #ledger: Ledger;
  readonly #slots: Slots;
  /** What the last run left, by URN, without what only waits for its deletion. */
  readonly #olds = new Map<string, ResourceState>();
  readonly #goals = new Map<string, Goal>();
  /** New URN to former URN, where an alias found it. */
  readonly #aliased = new Map<string, string>();
  /** What this run deletes or has deleted: whose `deletedWith` need no delete of their own. */
  readonly #deletes = new Set<string>();
  /** Deletes that came first because something is made anew, by URN. */
  readonly #early = new Map<string, Promise<ResourceState>>();
  readonly #providers = new Map<string, Promise<string>>();
  readonly #abort = new AbortController();
  readonly #lastOutputs: TrackedProperties;
  #root: string | undefined;
  #failed = false;
  #whenStopped: () => void = () => undefined;
  /** Done when nothing new may start any more: after a failure or `stop`. */
  readonly stopped: Promise<void> = new Promise((resolve) => {
    this.#whenStopped = resolve;
  });

  constructor(options: DeploymentOptions, last: Snapshot, find: FindProvider, watcher: Watcher) {
    this.#options = options;
    this.#find = find;
    this.#watcher = watcher;
    this.#ledger = new Ledger(last.resources);
    this.#slots = new Slots(options.parallel);
    for (const state of last.resources) if (!state.delete) this.#olds.set(state.urn, state);
    this.#lastOutputs = last.resources.find(({ type }) => type === stackType)?.outputs ?? {};
  }

  /** Whether a step failed or something was refused. */
  get failed(): boolean {
    return this.#failed;
  }

  /** How many steps run now. */
  get running(): number {
    return this.#slots.running;
  }

  /** What the state file shall hold now. */
  snapshot(): Snapshot {
    return this.#ledger.snapshot();
  }

  /** The stack's outputs as they are now. */
  get outputs(): TrackedProperties {
    return (this.#root === undefined ? undefined : this.#ledger.done.get(this.#root)?.outputs) ?? {};
  }

  /** Lets nothing new start. */
  stop(): void {
    this.#slots.stop();
    this.#whenStopped();
  }

  /** Tells what runs to give up. */
  abort(): void {
    this.stop();
    this.#abort.abort();
  }

  /** Done when nothing runs. */
  idle(): Promise<void> {
    return this.#slots.idle();
  }

  /** Does what the program asks for; an error is shown, and the deployment fails. @throws Stopped */
  async guard<T>(about: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Stopped) throw error;
      return this.refuse(error instanceof Error ? error.message : String(error), about);
    }
  }

  /** Refuses what the program asks for: that is shown, and the deployment fails. @throws Stopped */
  refuse(message: string, about?: string): never {
    this.#watcher.log(about === undefined || message.includes(about) ? message : `${about}: ${message}`, "error");
    this.#fail();
    throw new Stopped(message);
  }

  /**
   * Makes a resource as the program wants it.
   *
   * @throws Stopped when it was not made because something failed or the user stopped; then the program gets no answer.
   */
  async register(wanted: Goal): Promise<Registered> {
    const goal = this.#inherit(wanted);
    const { stack, project } = this.#options;
    const urn = makeUrn(stack, project, goal.type, goal.name, goal.parent);
    if (this.#goals.has(urn)) throw new Refusal(`the program registers ${goal.type} ${goal.name} twice (${urn})`);
    this.#goals.set(urn, goal);
    if (goal.type === stackType) this.#root = urn;
    const old = this.#findOld(urn, goal);
    if (!goal.custom) return this.#registerComponent(urn, goal, old);
    return this.#registerCustom(urn, goal, old);
  }

  /** What a resource takes over from its parent. */
  #inherit(wanted: Goal): Goal {
    const parent = wanted.parent ?? (wanted.type === stackType ? undefined : this.#root);
    const from = parent === undefined ? undefined : this.#goals.get(parent);
    const pick = <K extends "protect" | "retainOnDelete" | "deletedWith">(key: K) => {
      const value = wanted[key] ?? from?.[key];
      return value === undefined ? {} : { [key]: value };
    };
    return {
      ...wanted,
      ...(parent !== undefined && { parent }),
      ...pick("protect"),
      ...pick("retainOnDelete"),
      ...pick("deletedWith"),
    };
  }

  #findOld(urn: string, goal: Goal): ResourceState | undefined {
    const { stack, project } = this.#options;
    const place = { stack, project, type: goal.type, name: goal.name, ...(goal.parent !== undefined && { parent: goal.parent }) };
    for (const candidate of [urn, ...formerUrns(place, goal.aliases, this.#aliased)]) {
      const old = this.#olds.get(candidate);
      if (old === undefined) continue;
      if (candidate !== urn) {
        const taken = this.#goals.has(candidate) || [...this.#aliased.values()].includes(candidate);
        if (taken)
          throw new Refusal(`${goal.type} ${goal.name} has the alias ${candidate}, which another resource of the program is`);
        this.#aliased.set(urn, candidate);
      }
      return old;
    }
    return undefined;
  }

  #registerComponent(urn: string, goal: Goal, old: ResourceState | undefined): Registered {
    const state = this.#newState(urn, goal, { inputs: goal.inputs, outputs: old?.outputs ?? {}, times: timesOf(old) });
    this.#ledger.put(state, old);
    return { urn, outputs: {} };
  }

  async #registerCustom(urn: string, goal: Goal, old: ResourceState | undefined): Promise<Registered> {
    if (goal.type.startsWith("pulumi:providers:")) {
      throw new Refusal("providers made by the program are not supported by this engine, only default ones; use the Pulumi CLI");
    }
    const type = await this.#resourceType(goal.type);
    const provider = await this.#defaultProvider(packageOf(goal.type), goal.version);
    const early = await this.#early.get(old?.urn ?? urn);
    if (early !== undefined || old === undefined) {
      const inputs = await this.#check(type, urn, goal, goal.inputs, undefined);
      return this.#create(type, urn, goal, provider, inputs, early);
    }
    const inputs = await this.#check(type, urn, goal, ignoreChanges(goal.inputs, old.inputs, goal.ignoreChanges), old);
    const difference = await this.#diff(type, old, inputs, goal.replaceOnChanges);
    if (difference.replace.length > 0 || old.pendingReplacement) {
      if (goal.protect && old.protect)
        this.#refuse(`${nameOf(urn)} is protected: it can't be replaced (because of ${difference.replace.join(", ")})`, urn);
      // Made anew, it takes over nothing from the old one, as with the real engine.
      const anew = await this.#check(type, urn, goal, goal.inputs, undefined);
      const gone = (goal.deleteBeforeReplace ?? difference.deleteBeforeReplace) ? await this.#deleteFirst(old, difference) : old;
      return this.#create(type, urn, goal, provider, anew, gone, difference);
    }
    if (difference.update.length > 0 || (old.initErrors?.length ?? 0) > 0)
      return this.#update(type, urn, goal, provider, inputs, old);
    const outputs = markNames(old.outputs, goal.additionalSecretOutputs);
    const kept = { inputs: reuseSecrets(inputs, old.inputs), outputs, id: old.id, provider, times: timesOf(old) };
    const state = this.#newState(urn, goal, kept);
    this.#ledger.put(state, old);
    this.#watcher.done({ operation: "same", urn, custom: true });
    return registered(state);
  }

  async #check(
    type: ResourceType,
    urn: string,
    goal: Goal,
    inputs: TrackedProperties,
    old: ResourceState | undefined,
  ): Promise<TrackedProperties> {
    const plain = plainProperties(inputs);
    if (type.check === undefined) return inputs;
    const checked = await type.check(plain, old && plainProperties(old.inputs), this.#context(urn));
    const failures = checked.failures ?? [];
    if (failures.length > 0) {
      throw new Refusal(failures.map(({ property, reason }) => `${goal.name}: ${property}: ${reason}`).join("\n"));
    }
    return markProperties(checked.inputs, inputs);
  }

  async #diff(
    type: ResourceType,
    old: ResourceState,
    inputs: TrackedProperties,
    replaceOnChanges: readonly string[],
  ): Promise<Difference> {
    const plain = plainProperties(inputs);
    const found = await (type.diff?.(resource(old), plain, this.#context(old.urn)) ?? defaultDiff(resource(old), plain));
    const differing = new Set([...found.update, ...found.replace]);
    const patterns = replaceOnChanges.map(parsePath);
    const forced = changedPaths(old.inputs, inputs)
      .filter((path) => differing.has(String(path[0])) && patterns.some((pattern) => covers(pattern, path)))
      .map((path) => String(path[0]));
    const replace = [...new Set([...found.replace, ...forced])];
    return { ...found, replace, update: found.update.filter((key) => !replace.includes(key)) };
  }

  /** Makes a resource; `old` is what it replaces: gone already, or deleted at the end. */
  async #create(
    type: ResourceType,
    urn: string,
    goal: Goal,
    provider: string,
    inputs: TrackedProperties,
    old?: ResourceState,
    difference?: Difference,
  ): Promise<Registered> {
    const secrets = [...goal.additionalSecretOutputs, ...(type.secretOutputs ?? [])];
    const operation: Operation = old === undefined ? "create" : "replace";
    const step: Step = {
      operation,
      urn,
      custom: true,
      ...(old && { before: old.inputs }),
      after: inputs,
      ...(difference && { because: difference.replace }),
    };
    const made = (id: string | undefined, outputs: Properties, initErrors?: string[]) => {
      const tracked = markProperties(outputs, inputs, secrets);
      const state = this.#newState(urn, goal, { inputs, outputs: tracked, id, provider, initErrors, times: {} });
      this.#deletes.delete(urn);
      if (old !== undefined && !old.pendingReplacement) {
        this.#ledger.put(state);
        this.#ledger.change(old, { delete: true });
      } else this.#ledger.put(state, old);
      return state;
    };
    const plain = plainProperties(inputs);
    if (this.#options.preview) {
      const outputs = (await type.preview?.(plain, undefined, this.#context(urn))) ?? plain;
      this.#watcher.done(step);
      return { ...registered(made(undefined, outputs)), id: undefined };
    }
    const pending = this.#newState(urn, goal, { inputs, outputs: {}, provider, times: {} });
    return this.#execute(step, { type: "creating", resource: pending }, async () => {
      try {
        const { id, outputs } = await type.create(plain, this.#context(urn));
        return registered(made(id, outputs));
      } catch (error) {
        if (error instanceof PartialError) made(error.id, error.outputs, [error.message]);
        throw error;
      }
    });
  }

  async #update(
    type: ResourceType,
    urn: string,
    goal: Goal,
    provider: string,
    inputs: TrackedProperties,
    old: ResourceState,
  ): Promise<Registered> {
    const secrets = [...goal.additionalSecretOutputs, ...(type.secretOutputs ?? [])];
    const step: Step = { operation: "update", urn, custom: true, before: old.inputs, after: inputs };
    const changed = (outputs: Properties, initErrors?: string[]) => {
      const tracked = markProperties(outputs, inputs, secrets);
      const times = { ...timesOf(old), modified: new Date().toISOString() };
      const state = this.#newState(urn, goal, { inputs, outputs: tracked, id: old.id, provider, initErrors, times });
      this.#ledger.put(state, old);
      return state;
    };
    const plain = plainProperties(inputs);
    if (this.#options.preview) {
      const outputs = (await type.preview?.(plain, resource(old), this.#context(urn))) ?? previewOfUpdate(plain, old);
      this.#watcher.done(step);
      return registered(changed(outputs));
    }
    return this.#execute(step, { type: "updating", resource: old }, async () => {
      if (type.update === undefined) throw new Error(`${goal.type} can't be updated`);
      try {
        const { outputs } = await type.update(resource(old), plain, this.#context(urn));
        return registered(changed(outputs));
      } catch (error) {
        if (error instanceof PartialError) changed(error.outputs, [error.message]);
        throw error;
      }
    });
  }

  /**
   * Deletes a resource before it is made anew, and before it everything that depends on it and would have to be made anew too.
   *
   * @returns What stands in the state for it until then.
   */
  async #deleteFirst(old: ResourceState, difference: Difference): Promise<ResourceState> {
    const replaced = new Set([old.urn]);
    const first: ResourceState[] = [];
    for (const state of dependents(old, this.#ledger.base)) {
      if (!(await this.#mustGoWith(state, replaced))) continue;
      if (state.protect)
        throw new Refusal(`${nameOf(state.urn)} is protected: it can't be replaced together with ${nameOf(old.urn)}`);
      replaced.add(state.urn);
      first.unshift(state);
    }
    for (const state of first) await this.#deleteEarly(state, "delete replaced", [nameOf(old.urn)]);
    return this.#deleteEarly(old, "delete replaced", difference.replace);
  }

  /** Whether a resource would be replaced if what it depends on in `replaced` changed. */
  async #mustGoWith(state: ResourceState, replaced: ReadonlySet<string>): Promise<boolean> {
    if (!state.custom || state.external || state.delete || this.#goals.has(state.urn)) return false;
    const affected = Object.entries(state.propertyDependencies ?? {}).filter(([, urns]) => urns.some((urn) => replaced.has(urn)));
    const keys = affected.map(([key]) => key).filter((key) => Object.hasOwn(state.inputs, key));
    if (keys.length === 0) return false;
    const inputs: TrackedProperties = { ...state.inputs, ...Object.fromEntries(keys.map((key) => [key, unknown as Value])) };
    const type = await this.#resourceType(state.type);
    return (await this.#diff(type, state, inputs, state.replaceOnChanges ?? [])).replace.length > 0;
  }

  #deleteEarly(state: ResourceState, operation: Operation, because: readonly string[]): Promise<ResourceState> {
    const known = this.#early.get(state.urn);
    if (known !== undefined) return known;
    const deleting = (async () => {
      this.#deletes.add(state.urn);
      if (state.pendingReplacement) return state;
      let now = state;
      await this.#delete(state, operation, because, () => {
        now = this.#ledger.change(state, { pendingReplacement: true });
      });
      return now;
    })();
    this.#early.set(state.urn, deleting);
    return deleting;
  }

  async #delete(state: ResourceState, operation: Operation, because: readonly string[], gone: () => void): Promise<void> {
    const spared = state.retainOnDelete
      ? "kept as it is: retainOnDelete"
      : state.deletedWith !== undefined && this.#deletes.has(state.deletedWith)
        ? `goes with ${nameOf(state.deletedWith)}`
        : undefined;
    const step: Step = {
      operation,
      urn: state.urn,
      custom: true,
      before: state.inputs,
      because,
      ...(spared && { note: spared }),
    };
    if (this.#options.preview || spared !== undefined) {
      if (this.#slots.stopped) throw new Stopped();
      gone();
      this.#watcher.done(step);
      return;
    }
    const type = await this.#resourceType(state.type);
    await this.#execute(step, { type: "deleting", resource: state }, async () => {
      await type.delete?.(resource(state), this.#context(state.urn));
      gone();
    });
  }

  /** Deletes what the program no longer registers and what was replaced, whatever needs it first. */
  async finish(): Promise<void> {
    const leaving = this.#ledger.base;
    const isProtected = leaving.filter((state) => state.protect && !state.delete && !state.pendingReplacement);
    for (const { urn } of isProtected) {
      this.#refuse(
        `${nameOf(urn)} is protected: it can't be deleted. Take the protect option away and run up, then delete it`,
        urn,
      );
    }
    for (const { urn } of leaving) this.#deletes.add(urn);
    const first = goneFirst(leaving);
    const over = new Map<ResourceState, Promise<void>>();
    // The last first, so that everyone finds whom to wait for.
    for (const state of [...leaving].reverse()) {
      const waits = (first.get(state) ?? []).map((other) => over.get(other));
      over.set(
        state,
        Promise.all(waits).then(() => this.#leave(state)),
      );
    }
    const results = await Promise.allSettled(over.values());
    for (const result of results) {
      if (result.status === "rejected" && !(result.reason instanceof Stopped)) throw result.reason;
    }
    if (!this.#options.preview) await this.#options.save();
  }

  async #leave(state: ResourceState): Promise<void> {
    const drop = () => this.#ledger.drop(state);
    const nothingToRun =
      !state.custom || state.external || state.pendingReplacement || state.type.startsWith("pulumi:providers:");
    if (!nothingToRun) return this.#delete(state, state.delete ? "delete replaced" : "delete", [], drop);
    if (this.#slots.stopped) throw new Stopped();
    drop();
  }

  /** Gives a component, or the stack itself, its outputs. */
  registerOutputs(urn: string, outputs: TrackedProperties): void {
    const state = this.#ledger.done.get(urn);
    if (state === undefined) throw new Error(`outputs of a resource that is not registered: ${urn}`);
    this.#ledger.put({ ...state, outputs: reuseSecrets(outputs, state.outputs) });
  }

  /** Reads a stack's outputs: those of this stack as the last run left them. */
  async readStack(name: string, parent: string | undefined): Promise<Registered> {
    const { stack, project } = this.#options;
    if (![stack, `${project}/${stack}`, `organization/${project}/${stack}`].includes(name)) {
      throw new Error(`a StackReference to ${name}: this engine serves only the stack itself (organization/${project}/${stack})`);
    }
    const type = "pulumi:pulumi:StackReference";
    const urn = makeUrn(stack, project, type, name, parent);
    const outputs = {
      name,
      outputs: this.#lastOutputs,
      secretOutputNames: Object.keys(this.#lastOutputs)
        .filter((key) => hasSecret(this.#lastOutputs[key] ?? null))
        .sort(),
    };
    const provider = await this.#defaultProvider("pulumi", undefined);
    const state = { urn, type, custom: true, external: true, id: name, inputs: { name }, outputs, provider };
    this.#ledger.put({ ...state, ...(parent !== undefined && { parent }) }, this.#olds.get(urn));
    return { urn, id: name, outputs };
  }

  /** The reference to a package's default provider, which stands in the state as a resource. */
  #defaultProvider(packageName: string, version: string | undefined): Promise<string> {
    const name = version === undefined ? "default" : `default_${version.replaceAll(/[^A-Za-z0-9]/g, "_")}`;
    const { stack, project } = this.#options;
    const type = `pulumi:providers:${packageName}`;
    const urn = makeUrn(stack, project, type, name);
    let reference = this.#providers.get(urn);
    if (reference === undefined) {
      const old = this.#olds.get(urn);
      const id = old?.id ?? randomUUID();
      const inputs: TrackedProperties = old?.inputs ?? (version === undefined ? {} : { __internal: {}, version });
      const outputs: TrackedProperties = old?.outputs ?? (version === undefined ? {} : { version });
      const times = old === undefined ? { created: new Date().toISOString(), modified: new Date().toISOString() } : timesOf(old);
      this.#ledger.put({ urn, type, custom: true, id, inputs, outputs, ...times }, old);
      reference = Promise.resolve(`${urn}::${id}`);
      this.#providers.set(urn, reference);
    }
    return reference;
  }

  async #resourceType(type: string): Promise<ResourceType> {
    const packageName = packageOf(type);
    const provider = await this.#find(packageName);
    if (provider === undefined) {
      throw new Refusal(`the package ${packageName} is not known to this engine (resource type ${type}); use the Pulumi CLI`);
    }
    const found = provider.types[type];
    if (found === undefined) throw new Refusal(`the resource type ${type} is not known to this engine; use the Pulumi CLI`);
    return found;
  }

  async #execute<T>(step: Step, pending: PendingOperation, run: () => Promise<T>): Promise<T> {
    return this.#slots.run(async () => {
      const over = this.#ledger.begin(pending);
      try {
        await this.#options.save();
        this.#watcher.started(step);
        const result = await run();
        over();
        await this.#options.save();
        this.#watcher.done(step);
        return result;
      } catch (error) {
        over();
        this.#watcher.failed(step, error instanceof Error ? error.message : String(error));
        this.#fail();
        await this.#options.save();
        throw new Stopped();
      }
    });
  }

  #fail(): void {
    this.#failed = true;
    this.stop();
  }

  /** In a preview the rest is shown too. */
  #refuse(message: string, urn: string): void {
    if (!this.#options.preview) throw new Refusal(message);
    this.#watcher.log(message, "error", urn);
    this.#failed = true;
  }

  #context(urn: string): Context {
    return {
      name: nameOf(urn),
      log: (line, severity = "info") => this.#watcher.log(line, severity, urn),
      signal: this.#abort.signal,
    };
  }

  #newState(
    urn: string,
    goal: Goal,
    own: {
      inputs: TrackedProperties;
      outputs: TrackedProperties;
      id?: string | undefined;
      provider?: string;
      initErrors?: string[] | undefined;
      times: Pick<ResourceState, "created" | "modified">;
    },
  ): ResourceState {
    const { times, ...rest } = own;
    const now = new Date().toISOString();
    return {
      urn,
      type: goal.type,
      custom: goal.custom,
      ...(goal.parent !== undefined && { parent: goal.parent }),
      dependencies: goal.dependencies,
      propertyDependencies: goal.propertyDependencies,
      ...(goal.protect && { protect: true }),
      ...(goal.retainOnDelete && { retainOnDelete: true }),
      ...(goal.deletedWith !== undefined && { deletedWith: goal.deletedWith }),
      additionalSecretOutputs: goal.additionalSecretOutputs,
      ignoreChanges: goal.ignoreChanges,
      replaceOnChanges: goal.replaceOnChanges,
      ...(Object.keys(goal.customTimeouts).length > 0 && { customTimeouts: goal.customTimeouts }),
      created: times.created ?? now,
      modified: times.modified ?? now,
      ...rest,
    } as ResourceState;
  }
}

const registered = ({ urn, id, outputs }: ResourceState): Registered => ({ urn, ...(id !== undefined && { id }), outputs });

const timesOf = (old: ResourceState | undefined): Pick<ResourceState, "created" | "modified"> => ({
  ...(old?.created !== undefined && { created: old.created }),
  ...(old?.modified !== undefined && { modified: old.modified }),
});

const resource = (state: ResourceState): Resource => ({
  id: state.id ?? "",
  inputs: plainProperties(state.inputs),
  outputs: plainProperties(state.outputs),
});

/** Every top-level input that differs is updated in place. */
function defaultDiff(old: Resource, inputs: Properties): Difference {
  const keys = [...new Set([...Object.keys(old.inputs), ...Object.keys(inputs)])];
  return { update: keys.filter((key) => !same(old.inputs[key], inputs[key])), replace: [] };
}

function previewOfUpdate(inputs: Properties, old: ResourceState): Properties {
  const rest: Record<string, Value> = {};
  for (const key of Object.keys(old.outputs)) if (!Object.hasOwn(old.inputs, key)) rest[key] = unknown;
  return { ...rest, ...inputs };
}
