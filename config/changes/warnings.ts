import { keyPath, oneProblem, type Problem } from "../problems.ts";
import type { Recorded } from "../record.ts";

// Changes that are allowed and need a second look: what hosts hold does not tell whether they are right.

/** Warnings about the change from one record to the next. */
export function changeWarnings(before: Recorded | undefined, after: Recorded): Problem[] {
  if (before === undefined || before.encryption === after.encryption) return [];
  const key = keyPath(["api", "extraArgs", "encryption-provider-config"]);
  return after.encryption
    ? oneProblem(
        key,
        "is new in a living cluster: apiservers get the file one after another, and those without it can't read what another encrypts",
        "a file with `identity: {}` as the first provider in this edit, and the key first in the next one (docs/security-settings.md)",
      )
    : oneProblem(
        key,
        "is gone: apiservers can't read what is still encrypted in etcd",
        "no such argument only after an up with `identity: {}` as the first provider, after which all that was encrypted was written once more",
      );
}
