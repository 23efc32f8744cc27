import { Secret, type Tracked } from "./values.ts";

/** Shorter texts are not hidden: they would hide words that are no secret. */
const shortest = 8;

/** Keeps what is known to be secret out of what is shown. */
export class Redactor {
  readonly #known = new Set<string>();

  /**
   * Remembers the secrets of a value: its texts, and their lines where there are several. Of a secret that marks parts of itself,
   * such as a connection, only those: a host's address has to stand in an error.
   */
  learn(value: Tracked): void {
    if (value instanceof Secret) this.#learnPlain(value.inner.length > 0 ? named(value.value, value.inner) : value.value);
    else if (value !== null && typeof value === "object") for (const item of Object.values(value)) this.learn(item as Tracked);
  }

  #learnPlain(value: unknown): void {
    if (typeof value === "string") {
      for (const text of [value, ...value.split("\n")])
        if (text.trim().length >= shortest && !isFrame(text)) this.#known.add(text.trim());
    } else if (value !== null && typeof value === "object") {
      for (const item of Object.values(value)) this.#learnPlain(item);
    }
  }

  /** The text with every known secret as `[secret]`. */
  hide(text: string): string {
    let hidden = text;
    for (const secret of this.#known) if (hidden.includes(secret)) hidden = hidden.replaceAll(secret, "[secret]");
    return hidden;
  }
}

/** What stands under one of the names, at any depth. */
function named(value: unknown, names: readonly string[]): unknown[] {
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([name, inner]) => (names.includes(name) ? [inner] : named(inner, names)));
}

/** The first and last line of a PEM text, which are the same for all. */
const isFrame = (line: string) => /^-----(BEGIN|END) [A-Z ]+-----$/.test(line);
