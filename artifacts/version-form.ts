import { minorOf } from "../config/versions.ts";

// Which versions of a part a user's lock may add: patch versions, written as the known ones are.

const form = (version: string) => version.replace(/\d+/g, "N");

/** The versions, oldest first. They may end in a word and a number, such as -flannel1. */
export const inOrder = (versions: readonly string[]): string[] =>
  [...new Set(versions)].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));

/** Why something with these versions can't have this one, too, in words that follow the version. Undefined where it can. */
export function unfit(version: string, known: readonly string[]): string | undefined {
  if (/(^|\D)0\d/.test(version) || !known.some((it) => form(it) === form(version)))
    return `is not a version such as ${inOrder(known).at(-1)}`;
  const minors = inOrder(known.map(minorOf));
  if (minors.includes(minorOf(version))) return undefined;
  return `is of a minor version that this release doesn't know: it knows ${minors.join(", ")}`;
}

/** Whether the version is of a minor version older than all of these: one that an earlier release may have known. */
export const isDropped = (version: string, known: readonly string[]): boolean =>
  inOrder([minorOf(version), ...known.map(minorOf)])[0] === minorOf(version) && !known.map(minorOf).includes(minorOf(version));
