import { StringDecoder } from "node:string_decoder";

/** Which streams of a command are shown while it runs. */
export type Logging = "stdout" | "stderr" | "stdoutAndStderr" | "none";

/** Number of lines of output that an error repeats. */
const tailLines = 20;
/** Characters of one line that are shown; the outputs keep the whole line. */
const shownLineLength = 2000;

const shorten = (line: string): string =>
  line.length <= shownLineLength
    ? line
    : `${line.slice(0, shownLineLength)} … (${line.length - shownLineLength} more characters)`;

/** Cuts chunks into lines as they arrive; the last, unfinished line is passed on at the end. */
class Lines {
  readonly #decoder = new StringDecoder("utf8");
  readonly #onLine: (line: string) => void;
  // Parts of the unfinished line, joined only once, so that the cost of a very long line stays proportional to its length.
  #open: string[] = [];

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  write(chunk: Buffer): void {
    const [first = "", ...rest] = this.#decoder.write(chunk).split("\n");
    this.#open.push(first);
    for (const next of rest) {
      this.#flush();
      this.#open.push(next);
    }
  }

  end(): void {
    this.#open.push(this.#decoder.end());
    if (this.#open.some((part) => part !== "")) this.#flush();
  }

  #flush(): void {
    this.#onLine(shorten(this.#open.join("").replace(/\r$/, "")));
    this.#open = [];
  }
}

/** A command's output: whole for the resource's outputs, line by line for the log, its end for an error. */
export class CommandOutput {
  readonly #chunks: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
  readonly #lines: { stdout: Lines; stderr: Lines };
  readonly #tail: string[] = [];

  /**
   * @param logging - Which streams are shown. Standard output that is not shown stays out of errors, too: it may hold a secret.
   * @param log - Called with each shown line, cut to 2000 characters.
   */
  constructor(logging: Logging, log: (line: string) => void) {
    const reader = (shown: boolean, inErrors: boolean) =>
      new Lines((line) => {
        if (shown) log(line);
        if (!inErrors) return;
        this.#tail.push(line);
        if (this.#tail.length > tailLines) this.#tail.shift();
      });
    const showStdout = logging === "stdout" || logging === "stdoutAndStderr";
    const showStderr = logging === "stderr" || logging === "stdoutAndStderr";
    this.#lines = { stdout: reader(showStdout, showStdout), stderr: reader(showStderr, true) };
  }

  /** Takes the next piece of a stream, of any size, cut anywhere. */
  write(stream: "stdout" | "stderr", chunk: Buffer): void {
    this.#chunks[stream].push(chunk);
    this.#lines[stream].write(chunk);
  }

  /** Must be called once after the command has ended. */
  end(): void {
    this.#lines.stdout.end();
    this.#lines.stderr.end();
  }

  /** A stream's text without one trailing newline, as the resource's output holds it. */
  text(stream: "stdout" | "stderr"): string {
    return Buffer.concat(this.#chunks[stream]).toString("utf8").replace(/\n$/, "");
  }

  /** The last 20 lines of both streams in order of arrival, for an error; empty if there were none. */
  tail(): string {
    return this.#tail.join("\n");
  }
}
