import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";

// The lock of a stack, as the Pulumi CLI makes it: a file of its own for each process in the stack's lock folder.

interface Owner {
  pid: number;
  username: string;
  hostname: string;
  timestamp: string;
}

/** Someone else is at work on the stack. */
export class Locked extends Error {}

/**
 * Takes the lock of a stack. Locks of processes of this machine that are gone are taken away, which `say` is told.
 *
 * @returns What gives the lock back.
 * @throws Locked naming who holds it.
 */
export function takeLock(folder: string, say: (line: string) => void): () => void {
  mkdirSync(folder, { recursive: true });
  for (const { file, owner } of otherLocks(folder)) {
    if (!isGone(owner)) throw new Locked(lockedBy(owner));
    say(`the lock of process ${owner.pid}, which is gone since it began at ${owner.timestamp}, is taken over`);
    rmSync(join(folder, file), { force: true });
  }
  const own = `${randomUUID()}.json`;
  const content: Owner = {
    pid: process.pid,
    username: userInfo().username,
    hostname: hostname(),
    timestamp: new Date().toISOString(),
  };
  const release = () => rmSync(join(folder, own), { force: true });
  // Never half-written under its name.
  const unfinished = join(folder, `${own}.new`);
  writeFileSync(unfinished, JSON.stringify(content));
  renameSync(unfinished, join(folder, own));
  // Two that began at once see each other now, and both give way.
  const [other] = otherLocks(folder, own);
  if (other !== undefined) {
    release();
    throw new Locked(lockedBy(other.owner));
  }
  return release;
}

/** Takes every lock of a stack away, whoever holds it. @returns How many there were. */
export function breakLocks(folder: string): number {
  const files = lockFiles(folder);
  for (const file of files) rmSync(join(folder, file), { force: true });
  return files.length;
}

const lockedBy = (owner: Owner) =>
  `the stack is locked: ${owner.username}@${owner.hostname} (process ${owner.pid}) works on it since ${owner.timestamp}. Wait for its end, or take the lock away with: npm run cancel`;

const otherLocks = (folder: string, own?: string) =>
  lockFiles(folder)
    .filter((file) => file !== own)
    .map((file) => ({ file, owner: JSON.parse(readFileSync(join(folder, file), "utf8")) as Owner }));

function lockFiles(folder: string): string[] {
  try {
    return readdirSync(folder).filter((file) => file.endsWith(".json"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** Whether the process that took a lock on this machine is gone: none has its number, or one that began after the lock. */
function isGone(owner: Owner): boolean {
  if (owner.hostname !== hostname()) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
  const found = processState(owner.pid);
  // Two seconds, for the clock's grain.
  return found !== undefined && (found.dead || found.began > Date.parse(owner.timestamp) + 2000);
}

/** When a process began, in milliseconds since 1970, and whether only its entry is left; undefined where /proc does not tell. */
function processState(pid: number): { began: number; dead: boolean } | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    const boot = /^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1];
    // Field 22 of the whole line, in clock ticks (100 a second on every Linux) since the machine started.
    return { began: Number(boot) * 1000 + Number(fields[19]) * 10, dead: fields[0] === "Z" };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
