/** Repeats an action from start to stop. It may fail until its target exists. */
export class Repeated {
  readonly #what: string;
  readonly #action: () => Promise<void>;
  readonly #milliseconds: number;
  #timer: NodeJS.Timeout | undefined;
  #error: unknown;

  /** `milliseconds` pass between the end of one run and the next. */
  constructor(what: string, milliseconds: number, action: () => Promise<void>) {
    this.#what = what;
    this.#milliseconds = milliseconds;
    this.#action = action;
  }

  start(): void {
    const again = async () => {
      this.#error = await this.#action().catch((error: unknown) => error);
      if (this.#timer !== undefined) this.#timer = setTimeout(again, this.#milliseconds);
    };
    this.#timer = setTimeout(again, 0);
  }

  /** The error of the last run, if it failed. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#error !== undefined) console.log(`${this.#what} failed at last:`, this.#error);
  }
}
