import { existsSync } from "node:fs";
import { didYouMean } from "../config/problems.ts";
import { type CommandLine, defaultStack } from "./arguments.ts";
import { passphraseFile, readStackFile, stacksHere } from "./environment.ts";
import { isGone, locksIn } from "./interrupted.ts";

// Recognizes why the CLI refuses, by its messages, and knows the cure.

/** What this front end does about a refusal before it tries again. */
export interface Cure {
  why: string;
  /** Arguments of the CLI. */
  args: string[];
}

/** The CLI's message if a stack is missing or locked. */
export const refusal = /no stack named '[^']*' found|the stack is currently locked/;

/** The cure of a refusal, if it needs no decision by the user. */
export function mendable(stderr: string, folder: string, stack: string, { words, operation }: CommandLine): Cure | undefined {
  const creates = operation === "up" || operation === "preview" || words[0] === "config";
  if (creates && isMissing(stderr) && readStackFile(folder, stack).exists)
    return { why: `making the stack ${stack}`, args: ["stack", "init", stack, "--no-select", "--non-interactive"] };
  const locks = locksIn(stderr);
  if (locks.length > 0 && locks.every(isGone)) {
    const pids = locks.map(({ pid }) => pid).join(", ");
    return {
      why: `the run that locked stack ${stack} (process ${pids} on this machine) was killed: its lock is removed`,
      args: ["cancel", "--yes", stack],
    };
  }
  return undefined;
}

const isMissing = (stderr: string) => /no stack named '[^']*' found/.test(stderr);

/** Suggests a stack for a mistyped name. */
export function stackAdvice(folder: string, stack: string): string {
  const names = stacksHere(folder);
  const meant = didYouMean(stack, names);
  return meant && meant !== stack
    ? `Did you mean --stack ${meant}?`
    : `Stacks with a config here: ${names.join(", ") || "none"}.`;
}

/** One line of advice for a refusal; undefined if the CLI's own message is enough. */
export async function suggestion(
  stderr: string,
  folder: string,
  stack: string,
  flags: () => Promise<string[]>,
): Promise<string | undefined> {
  const [, flag] = /unknown flag: (--[\w-]+)/.exec(stderr) ?? [];
  if (flag !== undefined) {
    const meant = didYouMean(flag, await flags());
    return meant && `Did you mean ${meant}?`;
  }
  if (isMissing(stderr)) return stackAdvice(folder, stack);
  if (/incorrect passphrase/.test(stderr)) {
    if (stack === defaultStack && process.env.PULUMI_CONFIG_PASSPHRASE !== undefined && existsSync(passphraseFile(folder)))
      return `PULUMI_CONFIG_PASSPHRASE is set, so .passphrase, which stack ${stack} was made with, is not used. Unset it.`;
    return `Stack ${stack}'s secrets were made with another passphrase. Use that one; or, if nothing of the stack exists, delete encryptionsalt from Pulumi.${stack}.yaml.`;
  }
  if (locksIn(stderr).length > 0) return `If no other run is using it, npm run cancel -- --stack ${stack} removes the lock.`;
  return undefined;
}
