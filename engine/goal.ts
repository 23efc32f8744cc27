import type { Alias } from "./urn.ts";
import type { TrackedProperties } from "./values.ts";

/** What the program wants of one resource. */
export interface Goal {
  type: string;
  name: string;
  /** False for a component. */
  custom: boolean;
  parent?: string;
  inputs: TrackedProperties;
  dependencies: string[];
  propertyDependencies: Record<string, string[]>;
  /** The package's version that the program was written for. */
  version?: string;
  protect?: boolean;
  retainOnDelete?: boolean;
  deletedWith?: string;
  /** Undefined leaves it to the provider. */
  deleteBeforeReplace?: boolean;
  ignoreChanges: string[];
  replaceOnChanges: string[];
  additionalSecretOutputs: string[];
  aliases: Alias[];
  /** Seconds. Recorded; the commands' own deadlines end them. */
  customTimeouts: Record<string, number>;
}

/** What the program is told about a resource. */
export interface Registered {
  urn: string;
  /** Undefined while it is not known, and for components. */
  id?: string;
  outputs: TrackedProperties;
}
