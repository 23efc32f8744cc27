import type { Failure } from "./checks.ts";
import type { Properties } from "./value.ts";

// What a provider is. It follows the real plugin of the same name; `serve.ts` gives it to the engine.
//
// A provider sees every value in clear. The engine remembers which inputs were secret, and marks outputs of the same name.
// A provider must never put an input into an error message or a log line unless the real one does so.

/** What a provider is given beside the values. */
export interface Context {
  /** The resource's name in the program. */
  readonly name: string;
  /** Shows a line beside the resource's name while it runs. Default severity: info. */
  log(line: string, severity?: "info" | "warning" | "error"): void;
  /** Aborted when the user asks to stop: what can be given up is given up. */
  readonly signal: AbortSignal;
}

/** A resource as the last run left it. */
export interface Resource {
  readonly id: string;
  /** What the last `check` returned, as the state holds it. */
  readonly inputs: Properties;
  /** What the last `create` or `update` returned, as the state holds it. */
  readonly outputs: Properties;
}

/** What a check found. */
export interface Checked {
  /** The inputs with the provider's defaults. */
  inputs: Properties;
  /** What is wrong with them. Default: nothing. */
  failures?: readonly Failure[];
}

/** What an update of a resource would mean. */
export interface Difference {
  /** The top-level properties that differ and can be updated in place. */
  update: readonly string[];
  /** The top-level properties (inputs, or outputs such as a certificate's `readyForRenewal`) because of which it is replaced. */
  replace: readonly string[];
}

/** A resource type. Errors are thrown; a thrown `PartialError` keeps what was made. In previews values may be `unknown`. */
export interface ResourceType {
  /** Inputs and outputs that are secret whatever the program says; inside a mapping as `outer.inner`. Default: none. */
  readonly secrets?: readonly string[];
  /** Validates and completes the inputs. Default: takes them as they are. `old` holds the last run's inputs, and nothing in a create. */
  check?(inputs: Properties, old: Properties, context: Context): Checked | Promise<Checked>;
  /** Compares a resource with its new inputs. Default: every top-level input that differs is updated in place. */
  diff?(old: Resource, inputs: Properties, context: Context): Difference | Promise<Difference>;
  /**
   * The outputs that a create (no `old`) or an update would give. Changes nothing.
   * Default: the inputs, and for an update `unknown` for every other output of the old ones.
   */
  preview?(inputs: Properties, old: Resource | undefined, context: Context): Properties | Promise<Properties>;
  create(inputs: Properties, context: Context): Promise<{ id: string; outputs: Properties }>;
  /** Absent where every difference replaces. */
  update?(old: Resource, inputs: Properties, context: Context): Promise<{ outputs: Properties }>;
  /** Absent where nothing exists outside the state. */
  delete?(old: Resource, context: Context): Promise<void>;
}

/** The resource was made or changed, but not wholly: the engine records it and takes the step as failed. */
export class PartialError extends Error {
  readonly id: string;
  readonly outputs: Properties;

  constructor(message: string, id: string, outputs: Properties) {
    super(message);
    this.id = id;
    this.outputs = outputs;
  }
}

/** All resource types and functions of a package. */
export interface Provider {
  /** The plugin's version that it follows (without a leading v). */
  readonly version: string;
  /** By type token, such as `command:remote:Command`. */
  readonly types: Readonly<Record<string, ResourceType>>;
  /** What the program may ask for without making anything, by token. Default: nothing. */
  readonly functions?: Readonly<Record<string, (inputs: Properties) => Promise<Properties>>>;
  /** Frees what outlives a resource's operation, such as connections. Called once, at the end. Default: nothing to free. */
  close?(): Promise<void>;
}
