/** Something that is done again and again, from start to stop. That it fails is expected before what it asks is there. */
export class Repeated {
  readonly #what: string;
  readonly #action: () => Promise<void>;
  readonly #milliseconds: number;
  #timer: NodeJS.Timeout | undefined;
  #error: unknown;

  /** `milliseconds` lie between the end of one time and the next. */
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

  /** Says how the last time failed, if it did. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#error !== undefined) console.log(`${this.#what} failed at last:`, this.#error);
  }
}
