// What the engine asks of a provider. A provider runs in the engine's process and follows the real plugin of the same name.
//
// Secrets: a provider sees every value in clear. The engine remembers which inputs were secret and marks an output secret where
// an input with the same name (at any depth) was, where the program says so (additionalSecretOutputs, which the SDK's resource
// classes set for what their plugin calls secret), and where the resource type's `secretOutputs` names it.
// A provider must never put an input into an error message or a log line unless the real one does so.
//
// Unknowns: only in a preview. A value that is not known yet is the constant `unknown`, anywhere inside the inputs.

/** Stands for a value that a preview can't know yet. */
export const unknown: unique symbol = Symbol("unknown");

/** A property's value. `undefined` never appears: an absent property has no key. */
export type Value = null | boolean | number | string | typeof unknown | readonly Value[] | { readonly [key: string]: Value };
/** The inputs or outputs of a resource. */
export type Properties = { readonly [key: string]: Value };

/** Whether a value is `unknown` or holds one. */
export function hasUnknown(value: Value | undefined): boolean {
  if (value === unknown) return true;
  if (Array.isArray(value)) return value.some(hasUnknown);
  return value !== null && typeof value === "object" && Object.values(value).some(hasUnknown);
}

/** What a provider is given beside the values. */
export interface Context {
  /** The resource's name in the program. */
  readonly name: string;
  /** Shows a line under the resource's name while it runs. Default severity: info. */
  log(line: string, severity?: "info" | "warning" | "error"): void;
  /** Aborted when the user asks twice to stop: what can be given up at once is given up. */
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
  /** The inputs with the provider's defaults (and `__defaults`, where the real one records it). */
  inputs: Properties;
  /** What is wrong with them. Default: nothing. */
  failures?: readonly { property: string; reason: string }[];
}

/** What an update of a resource would mean. */
export interface Difference {
  /** The top-level properties that differ and can be updated in place. */
  update: readonly string[];
  /** The top-level properties (inputs, or outputs such as a certificate's `readyForRenewal`) because of which it is replaced. */
  replace: readonly string[];
  /** Whether the old one must go before the new one can be. Default false. */
  deleteBeforeReplace?: boolean;
}

/** A resource type. Errors are thrown; a thrown `PartialError` keeps what was made. */
export interface ResourceType {
  /** Outputs (top-level names) that are secret whatever the program says. Default: none. */
  readonly secretOutputs?: readonly string[];
  /** Names inside secret inputs, at any depth, that the plugin marks secret once more. Default: none. */
  readonly innerSecrets?: readonly string[];
  /** Validates and completes the inputs. Default: takes them as they are. `old` holds the last run's inputs. May meet unknowns. */
  check?(inputs: Properties, old: Properties | undefined, context: Context): Checked | Promise<Checked>;
  /**
   * Compares a resource with its new inputs, in previews too (may meet unknowns, which differ from anything). Called also when
   * the inputs are the same. Default: every top-level input that differs is updated in place.
   */
  diff?(old: Resource, inputs: Properties, context: Context): Difference | Promise<Difference>;
  /**
   * The outputs that a create (no `old`) or an update gives, for previews: what isn't known is `unknown`. Changes nothing.
   * Default: the inputs, and for an update `unknown` for every other output of the old ones. Outputs that it leaves out are
   * unknown to the program in a create.
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

/** An in-process provider. */
export interface Provider {
  /** The plugin's version that it follows, as the state records it (without a leading v). */
  readonly version: string;
  /** By type token, such as `command:remote:Command`. */
  readonly types: Readonly<Record<string, ResourceType>>;
  /** What the program may ask for without making anything, by token. Default: nothing. */
  readonly functions?: Readonly<Record<string, (inputs: Properties) => Promise<Properties>>>;
  /** Frees what outlives a resource's operation, such as connections. Called once, when the run is over. Default: nothing to free. */
  close?(): Promise<void>;
}
