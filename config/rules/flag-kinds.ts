import { goBoolean, goDuration, goInteger } from "./go-arguments.ts";

// What flags of Go programs take.

/** A kind of value. */
export interface Kind {
  /** In words, for a message. */
  allowed: string;
  /** Whether a program reads this text as one. */
  reads(text: string): boolean;
}

export const boolean: Kind = { allowed: 'true or false, as "true" or "false"', reads: (text) => goBoolean(text) !== undefined };
export const duration: Kind = { allowed: "a duration such as 90s, 5m or 1h30m", reads: goDuration };
export const integer: Kind = { allowed: "a whole number such as 400", reads: goInteger };

/** One of a few words. */
export const word = (...words: string[]): Kind => ({
  allowed: `one of ${words.join(", ")}`,
  reads: (text) => words.includes(text),
});

/** The kind of each flag, by the flags' names with spaces between them. */
export const flags = (kind: Kind, names: string): [string, Kind][] => names.split(/\s+/).map((name) => [name, kind]);
