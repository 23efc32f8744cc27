import type { TrackedProperties } from "./values.ts";

/** What is done to a resource. */
export type Operation = "create" | "update" | "replace" | "delete" | "delete replaced" | "same";

/** A step as it is shown. */
export interface Step {
  operation: Operation;
  urn: string;
  custom: boolean;
  /** What it was, for everything but a create. */
  before?: TrackedProperties;
  /** What it shall be, for everything but a delete. */
  after?: TrackedProperties;
  /** Top-level properties because of which it is replaced. */
  because?: readonly string[];
  /** Why a delete runs nothing, such as `retainOnDelete`. */
  note?: string;
}

/** Whoever watches a deployment. */
export interface Watcher {
  started(step: Step): void;
  done(step: Step): void;
  failed(step: Step, message: string): void;
  /** A line about a resource, or about the whole (no urn). */
  log(line: string, severity: "info" | "warning" | "error", urn?: string): void;
}
