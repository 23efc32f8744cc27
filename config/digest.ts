import { createHash } from "node:crypto";

/**
 * The first 12 hex digits of a text's SHA-256. It stands for the text in previews and in annotations, where people compare it by eye:
 * a change shows, and the text itself, which may be a secret or long, does not. It guards nothing: what must be
 * checked is checked against the whole hash.
 */
export function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
