import type { Stack } from "./stack.ts";

/** Kills a process group outright; a group that has ended is not an error. */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Numbers from 0 to 1 in a sequence that the seed decides (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How a killed run ended: the steps under way, or that it had ended before. */
export interface Killed {
  killed: boolean;
  running: string[];
  text: string;
}

/** Runs `up` and kills it after a time. */
export async function killedUp(stack: Stack, milliseconds: number): Promise<Killed> {
  const { status, text } = await stack.engine("up", [], {
    started: (pid) => setTimeout(() => killGroup(pid), milliseconds).unref(),
  });
  return { killed: status === 137, running: underWay(text), text };
}

/** Runs `up` and kills it some time after it began to create a resource whose name begins with `step`. */
export async function killedAt(stack: Stack, step: string, milliseconds: number): Promise<Killed> {
  let [group, said, met] = [0, "", false];
  const { status, text } = await stack.engine("up", [], {
    started: (pid) => {
      group = pid;
    },
    said: (piece) => {
      said = said.slice(-200) + piece;
      if (met || !new RegExp(` ${step}\\S* creating`).test(said)) return;
      met = true;
      setTimeout(() => killGroup(group), milliseconds).unref();
    },
  });
  return { killed: status === 137, running: underWay(text), text };
}

/** The steps that a run began and did not end, by its output. */
function underWay(text: string): string[] {
  const begun = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, title, word] =
      /^ *[+~-]+ +\S+ (\S+) (creating|updating|replacing|deleting|created|updated|replaced|deleted)\b/.exec(line) ?? [];
    if (title === undefined || word === undefined) continue;
    if (word.endsWith("ing")) begun.set(title, `${word} ${title}`);
    else begun.delete(title);
  }
  return [...begun.values()];
}
