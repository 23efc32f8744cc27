import type { Failure } from "./checks.ts";
import type { Properties } from "./value.ts";

// The interface of a provider. A provider behaves like the real plugin of the same name; `serve.ts` serves it to the engine.
//
// A provider gets every value in clear text. The engine remembers which inputs were secret, and marks outputs of the same name.
// A provider must never put an input into an error message or a log line unless the real one does so.

/** Passed to a provider beside the values. */
export interface Context {
  /** The resource's name in the program. */
  readonly name: string;
  /** Shows a line beside the resource's name while it runs. Default severity: info. */
  log(line: string, severity?: "info" | "warning" | "error"): void;
  /** Aborted when the user asks to stop: then the provider gives up whatever can be given up. */
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

/** The result of a check. */
export interface Checked {
  /** The inputs with the provider's defaults. */
  inputs: Properties;
  /** The faults of the inputs. Default: none. */
  failures?: readonly Failure[];
}

/** The effect of new inputs on a resource. */
export interface Difference {
  /** The top-level properties that differ and can be updated in place. */
  update: readonly string[];
  /** The top-level properties (inputs, or outputs such as a certificate's `readyForRenewal`) that cause a replacement. */
  replace: readonly string[];
}

/** A resource type. Its functions throw errors; a `PartialError` records a resource that was made partially. In previews values may be `unknown`. */
export interface ResourceType {
  /** Inputs and outputs that are always secret; inside a mapping as `outer.inner`. Default: none. */
  readonly secrets?: readonly string[];
  /** Validates and completes the inputs. Default: accepts them unchanged. `old` holds the last run's inputs, and is empty in a create. */
  check?(inputs: Properties, old: Properties, context: Context): Checked | Promise<Checked>;
  /** Compares a resource with its new inputs. Default: every top-level input that differs is updated in place. */
  diff?(old: Resource, inputs: Properties, context: Context): Difference | Promise<Difference>;
  /**
   * The outputs that a create (without `old`) or an update would return. Changes nothing.
   * Default: the inputs; for an update also `unknown` for every other old output.
   */
  preview?(inputs: Properties, old: Resource | undefined, context: Context): Properties | Promise<Properties>;
  create(inputs: Properties, context: Context): Promise<{ id: string; outputs: Properties }>;
  /** Absent if every difference causes a replacement. */
  update?(old: Resource, inputs: Properties, context: Context): Promise<{ outputs: Properties }>;
  /** Absent if nothing exists outside the state. */
  delete?(old: Resource, context: Context): Promise<void>;
}

/** The resource was made or changed only partially: the engine records it and marks the step as failed. */
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
  /** The version of the plugin that this provider follows, without a leading v. */
  readonly version: string;
  /** By type token, such as `command:remote:Command`. */
  readonly types: Readonly<Record<string, ResourceType>>;
  /** Functions that the program may call, by token. Default: none. */
  readonly functions?: Readonly<Record<string, (inputs: Properties) => Promise<Properties>>>;
  /** Frees things that outlive a resource's operation, such as connections. Called once, at the end. Default: does nothing. */
  close?(): Promise<void>;
}
