import { StringDecoder } from "node:string_decoder";

/** Which streams of a command are shown while it runs. */
export type Logging = "stdout" | "stderr" | "stdoutAndStderr" | "none";

/** Lines of output that an error repeats. */
const tailLines = 20;
/** Characters of one line that are shown; the outputs keep all of it. */
const shownLineLength = 2000;

const shorten = (line: string): string =>
  line.length <= shownLineLength
    ? line
    : `${line.slice(0, shownLineLength)} … (${line.length - shownLineLength} more characters)`;

/** Cuts chunks into lines as they come; the last, unfinished line comes out at the end. */
class Lines {
  readonly #decoder = new StringDecoder("utf8");
  readonly #onLine: (line: string) => void;
  // Parts of the unfinished line: joined once, so that a line of many megabytes costs no more than its length.
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

/** What a command printed: whole for its outputs, line by line for those who watch, its end for an error. */
export class CommandOutput {
  readonly #chunks: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
  readonly #lines: { stdout: Lines; stderr: Lines };
  readonly #tail: string[] = [];

  /**
   * @param logging - Which streams are shown. Standard output that is not shown stays out of errors too: it may hold a secret.
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

  /** To be called once when the command has ended. */
  end(): void {
    this.#lines.stdout.end();
    this.#lines.stderr.end();
  }

  /** A stream's text without one trailing newline, as the resource's output holds it. */
  text(stream: "stdout" | "stderr"): string {
    return Buffer.concat(this.#chunks[stream]).toString("utf8").replace(/\n$/, "");
  }

  /** The last 20 lines of both streams as they came, for an error; empty when there were none. */
  tail(): string {
    return this.#tail.join("\n");
  }
}
