import { Ledger } from "./ledger.ts";
import type { Step, Watcher } from "./progress.ts";
import type { FindProvider } from "./providers/index.ts";
import type { Context, ResourceType } from "./providers/provider.ts";
import { Slots, Stopped } from "./slots.ts";
import type { PendingOperation, ResourceState } from "./state.ts";
import { nameOf, packageOf } from "./urn.ts";

/** How a deployment runs. */
export interface ExecutionOptions {
  /** Changes nothing: only finds out what would happen. */
  preview: boolean;
  /** Steps that may run at once. */
  parallel: number;
  /** Writes the state; done when it is on the disk. */
  save: () => Promise<void>;
  /** Finds a package's provider. */
  find: FindProvider;
}

/** What can't be done as the program wants it; the message is for the user. */
export class Refusal extends Error {}

/** What all steps of a deployment share: the state they change, the slots they wait for, and how they come to an end. */
export class Execution {
  readonly options: ExecutionOptions;
  readonly ledger: Ledger;
  readonly watcher: Watcher;
  readonly slots: Slots;
  /** Whose delete was or will be run by this deployment: what is `deletedWith` them needs none of its own. */
  readonly deletes = new Set<string>();
  readonly #abort = new AbortController();
  #failed = false;
  #whenStopped: () => void = () => undefined;
  /** Done when nothing new may start any more: after a failure or `stop`. */
  readonly stopped: Promise<void> = new Promise((resolve) => {
    this.#whenStopped = resolve;
  });

  constructor(options: ExecutionOptions, base: readonly ResourceState[], watcher: Watcher) {
    this.options = options;
    this.ledger = new Ledger(base);
    this.watcher = watcher;
    this.slots = new Slots(options.parallel);
  }

  /** Whether a step failed or something was refused. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Lets nothing new start. */
  stop(): void {
    this.slots.stop();
    this.#whenStopped();
  }

  /** Tells what runs to give up. */
  abort(): void {
    this.stop();
    this.#abort.abort();
  }

  /** Does what the program asks for; an error is shown, and the deployment fails. @throws Stopped */
  async guard<T>(about: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Stopped) throw error;
      const message = error instanceof Error ? error.message : String(error);
      return this.refuse(error instanceof Refusal ? message : `${about}: ${message}`);
    }
  }

  /** Refuses what the program asks for: that is shown, and the deployment fails. @throws Stopped */
  refuse(message: string): never {
    this.watcher.log(message, "error");
    this.#fail();
    throw new Stopped(message);
  }

  /** Refuses a change; a preview shows the rest too, and fails at its end. @throws Refusal */
  refuseChange(message: string): void {
    if (!this.options.preview) throw new Refusal(message);
    this.watcher.log(message, "error");
    this.#failed = true;
  }

  /**
   * Runs a step in a slot: recorded as begun before, as done after.
   *
   * @throws Stopped when it failed, which is shown and stops the deployment, or when nothing new may start.
   */
  run<T>(step: Step, pending: PendingOperation, work: () => Promise<T>): Promise<T> {
    return this.slots.run(async () => {
      const over = this.ledger.begin(pending);
      try {
        await this.options.save();
        this.watcher.started(step);
        const result = await work();
        over();
        await this.options.save();
        this.watcher.done(step);
        return result;
      } catch (error) {
        over();
        this.watcher.failed(step, error instanceof Error ? error.message : String(error));
        this.#fail();
        await this.options.save();
        throw new Stopped();
      }
    });
  }

  #fail(): void {
    this.#failed = true;
    this.stop();
  }

  /** What a provider is given beside the values. */
  context(urn: string): Context {
    return {
      name: nameOf(urn),
      log: (line, severity = "info") => this.watcher.log(line, severity, urn),
      signal: this.#abort.signal,
    };
  }

  /** The provider's part for a resource type. @throws Refusal for a type that the engine does not know. */
  async typeFor(type: string): Promise<ResourceType> {
    const provider = await this.options.find(packageOf(type));
    const found = provider?.types[type];
    if (found !== undefined) return found;
    const unknownPart = provider === undefined ? `package ${packageOf(type)} (resource type ${type})` : `resource type ${type}`;
    throw new Refusal(`the ${unknownPart} is not known to this engine; use the Pulumi CLI`);
  }
}
