import { diffLines } from "./diff.ts";
import type { Operation, Step, Watcher } from "./progress.ts";
import type { Redactor } from "./redact.ts";
import { nameOf, typeOf } from "./urn.ts";

const words: Readonly<Record<Operation, { mark: string; would: string; doing: string; did: string }>> = {
  create: { mark: "+", would: "create", doing: "creating", did: "created" },
  update: { mark: "~", would: "update", doing: "updating", did: "updated" },
  replace: { mark: "±", would: "replace", doing: "replacing", did: "replaced" },
  delete: { mark: "-", would: "delete", doing: "deleting", did: "deleted" },
  "delete replaced": {
    mark: "-",
    would: "delete the replaced one",
    doing: "deleting the replaced one",
    did: "the replaced one is deleted",
  },
  same: { mark: " ", would: "unchanged", doing: "unchanged", did: "unchanged" },
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
    this.#say(step, `${words[step.operation].doing}${because(step)}`);
  }

  done(step: Step): void {
    this.#learn(step);
    this.#counts.set(step.operation, (this.#counts.get(step.operation) ?? 0) + 1);
    if (step.operation === "same") return;
    const { would, did } = words[step.operation];
    const note = step.note === undefined ? "" : ` (${step.note})`;
    this.#say(step, this.#preview ? `${would}${because(step)}${note}` : `${did}${this.#time(step)}${note}`);
    if (this.#preview) for (const line of diffLines(step)) this.#print(`    ${line}`);
  }

  failed(step: Step, message: string): void {
    this.#print(`! ${titleOf(step.urn)} failed while ${words[step.operation].doing}${this.#time(step)}`);
    this.#failures.push(`${nameOf(step.urn)}: ${message}`);
  }

  #say(step: Step, text: string): void {
    this.#print(`${words[step.operation].mark} ${titleOf(step.urn)} ${text}`);
  }

  log(line: string, severity: "info" | "warning" | "error", urn?: string): void {
    const name = urn === undefined ? "" : `${nameOf(urn)}: `;
    if (severity === "error") this.#failures.push(`${name}${line}`);
    else
      for (const one of line.trimEnd().split("\n")) this.#print(`    ${severity === "warning" ? "warning: " : ""}${name}${one}`);
  }

  /** The errors, each with its resource, then how many resources were touched and how long it took. */
  summary(interrupted = false): void {
    for (const failure of this.#failures) this.#print(`error: ${failure.trimEnd().split("\n").join("\n       ")}`);
    // What was replaced counts once.
    const counts = [...this.#counts].filter(([operation]) => operation !== "delete replaced");
    const text = counts.map(([operation, count]) => {
      const { would, did } = words[operation];
      return `${count} ${this.#preview && operation !== "same" ? `to ${would}` : did}`;
    });
    const seconds = ((performance.now() - this.#begin) / 1000).toFixed(1);
    this.#print(
      `${text.join(", ") || "nothing to do"}${this.#failures.length > 0 ? ", failed" : ""}${interrupted ? ", interrupted" : ""} (${seconds} s)`,
    );
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

/** A resource's name, with its kind unless it is a command: a key, a request and a certificate often share a name. */
function titleOf(urn: string): string {
  const kind = typeOf(urn).split(":").at(-1) ?? "";
  return kind === "Command" ? nameOf(urn) : `${nameOf(urn)} (${kind})`;
}
