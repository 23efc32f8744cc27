import { existsSync } from "node:fs";
import { didYouMean } from "../config/problems.ts";
import { type CommandLine, defaultStack } from "./arguments.ts";
import { passphraseFile, readStackFile, stacksHere } from "./environment.ts";
import { isGone, locksIn } from "./interrupted.ts";

// Why the CLI refuses, by its own words, and what helps.

/** What this front end does about a refusal before it tries again. */
export interface Cure {
  why: string;
  /** Arguments of the CLI. */
  args: string[];
}

/** What the CLI says where a stack is missing or locked. */
export const refusal = /no stack named '[^']*' found|the stack is currently locked/;

/** The cure of a refusal that needs nobody's decision. */
export function mendable(stderr: string, folder: string, stack: string, { words, operation }: CommandLine): Cure | undefined {
  const creates = operation === "up" || operation === "preview" || words[0] === "config";
  if (creates && isMissing(stderr) && readStackFile(folder, stack).exists)
    return { why: `making the stack ${stack}`, args: ["stack", "init", stack, "--no-select", "--non-interactive"] };
  const locks = locksIn(stderr);
  if (locks.length > 0 && locks.every(isGone)) {
    const pids = locks.map(({ pid }) => pid).join(", ");
    return {
      why: `the run that locked stack ${stack} (process ${pids} on this machine) was killed: its lock is taken away`,
      args: ["cancel", "--yes", stack],
    };
  }
  return undefined;
}

const isMissing = (stderr: string) => /no stack named '[^']*' found/.test(stderr);

/** Which stack a mistyped one may have been. */
export function stackAdvice(folder: string, stack: string): string {
  const names = stacksHere(folder);
  const meant = didYouMean(stack, names);
  return meant && meant !== stack
    ? `Did you mean --stack ${meant}?`
    : `Stacks with a config here: ${names.join(", ") || "none"}.`;
}

/** One line of advice for a refusal; undefined where the CLI's own words are enough. */
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
    return `Stack ${stack}'s secrets were made with another passphrase. Give that one; or, where nothing of the stack lives, delete encryptionsalt from Pulumi.${stack}.yaml.`;
  }
  if (locksIn(stderr).length > 0) return `If no other run is at it, npm run cancel -- --stack ${stack} takes the lock away.`;
  return undefined;
}
