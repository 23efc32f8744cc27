import { keyPath, type Problem } from "../../config/problems.ts";
import type { KubernetesObject } from "../addon.ts";

/** Where objects of an add-on come from, by its key below `cluster`, with the objects or the problem. */
export type Source = { key: readonly PropertyKey[] } & (
  | { objects: readonly KubernetesObject[] /** What holds them, where the key does not say it. */; from?: string }
  | { problem: Problem }
);

/** A source that can't be used. */
export const wrong = (key: readonly PropertyKey[], found: string, allowed: string, cure?: string): Source => ({
  key,
  problem: { key: keyPath(key), found, allowed, ...(cure !== undefined && { cure }) },
});

/** What a program said at its end, in one line. */
export const lastWords = ({ message }: Error): string =>
  message
    .split("\n")
    .slice(1)
    .map((line) => line.replace(/^[Ee]rror: /, "").trim())
    .filter((line) => line !== "" && !line.startsWith("Use --debug"))
    .join("; ");
