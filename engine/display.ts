import { diffLines } from "./diff.ts";
import type { Operation, Step, Watcher } from "./progress.ts";
import type { Redactor } from "./redact.ts";
import { nameOf } from "./urn.ts";

const doing: Record<Operation, string> = {
  create: "creating",
  update: "updating",
  replace: "replacing",
  delete: "deleting",
  "delete replaced": "deleting replaced",
  forget: "forgetting",
  read: "reading",
  same: "same",
};
const did: Record<Operation, string> = {
  create: "created",
  update: "updated",
  replace: "replaced",
  delete: "deleted",
  "delete replaced": "deleted replaced",
  forget: "forgotten",
  read: "read",
  same: "same",
};
const would: Record<Operation, string> = {
  ...doing,
  create: "create",
  update: "update",
  replace: "replace",
  delete: "delete",
  "delete replaced": "delete replaced",
};
const marks: Record<Operation, string> = {
  create: "+",
  update: "~",
  replace: "±",
  delete: "-",
  "delete replaced": "-",
  forget: " ",
  read: " ",
  same: " ",
};

/** Shows a deployment as lines: one when a step starts, one when it is done, what it prints between them. */
export class Display implements Watcher {
  readonly #print: (line: string) => void;
  readonly #preview: boolean;
  readonly #redactor: Redactor;
  readonly #started = new Map<string, number>();
  readonly #counts = new Map<Operation, number>();
  readonly #begin = performance.now();
  readonly #failures: string[] = [];

  constructor(print: (line: string) => void, preview: boolean, redactor: Redactor) {
    this.#print = (text) => print(redactor.hide(text));
    this.#preview = preview;
    this.#redactor = redactor;
  }

  started(step: Step): void {
    this.#learn(step);
    this.#started.set(step.urn + step.operation, performance.now());
    this.#print(`${marks[step.operation]} ${nameOf(step.urn)} ${doing[step.operation]}${because(step)}`);
  }

  done(step: Step): void {
    this.#learn(step);
    this.#counts.set(step.operation, (this.#counts.get(step.operation) ?? 0) + 1);
    if (step.operation === "same") return;
    const note = step.note === undefined ? "" : ` (${step.note})`;
    if (this.#preview) {
      this.#print(`${marks[step.operation]} ${nameOf(step.urn)} ${would[step.operation]}${because(step)}${note}`);
      for (const line of diffLines(step)) this.#print(`    ${line}`);
      return;
    }
    this.#print(`${marks[step.operation]} ${nameOf(step.urn)} ${did[step.operation]}${this.#time(step)}${note}`);
  }

  failed(step: Step, message: string): void {
    const name = nameOf(step.urn);
    this.#print(`! ${name} failed while ${doing[step.operation]}${this.#time(step)}`);
    this.#failures.push(`${name}: ${message}`);
  }

  log(line: string, severity: "info" | "warning" | "error", urn?: string): void {
    const name = urn === undefined ? "" : `${nameOf(urn)}: `;
    if (severity === "error") this.#failures.push(`${name}${line}`);
    else
      for (const one of line.trimEnd().split("\n")) this.#print(`    ${severity === "warning" ? "warning: " : ""}${name}${one}`);
  }

  /** The errors, each with its resource, then how many resources were touched and how long it took. */
  summary(): void {
    for (const failure of this.#failures) this.#print(`error: ${failure.trimEnd().split("\n").join("\n       ")}`);
    const words = this.#preview ? would : did;
    const counts = [...this.#counts].filter(([operation]) => operation !== "delete replaced");
    const text = counts.map(
      ([operation, count]) =>
        `${count} ${operation === "same" ? "unchanged" : this.#preview ? `to ${words[operation]}` : words[operation]}`,
    );
    const seconds = ((performance.now() - this.#begin) / 1000).toFixed(1);
    this.#print(`${text.join(", ") || "nothing to do"}${this.#failures.length > 0 ? ", failed" : ""} (${seconds} s)`);
  }

  #learn(step: Step): void {
    if (step.before) this.#redactor.learn(step.before);
    if (step.after) this.#redactor.learn(step.after);
  }

  #time(step: Step): string {
    const start = this.#started.get(step.urn + step.operation);
    return start === undefined ? "" : ` (${((performance.now() - start) / 1000).toFixed(1)} s)`;
  }
}

const because = (step: Step) => (step.because && step.because.length > 0 ? ` because of ${step.because.join(", ")}` : "");
