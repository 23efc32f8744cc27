import { spawn } from "node:child_process";
import { renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { readUserLock, type UserLock } from "./user-lock.ts";

// Writes a user's lock whole or not at all, one change after the other.

/**
 * Reads the file, changes what it holds and writes it, while other changes in its folder wait.
 *
 * @throws Error where the file can't be read or written, and what `change` throws; then the file is as before
 */
export async function changeUserLock(file: string, change: (before: UserLock) => UserLock): Promise<void> {
  const release = await alone(dirname(file));
  try {
    const { lock, fault } = readUserLock(file);
    if (fault !== undefined) throw new Error(`${file} ${fault}`);
    writeFileSync(`${file}.new`, `${JSON.stringify(change(lock), undefined, 2)}\n`);
    renameSync(`${file}.new`, file);
  } finally {
    release();
  }
}

/**
 * Waits until this process alone has the kernel's lock on a folder, which ends with the process. Without flock, as on macOS, there is
 * none.
 */
function alone(folder: string): Promise<() => void> {
  const holder = spawn("flock", [folder, "sh", "-c", "echo; exec cat"], { stdio: ["pipe", "pipe", "inherit"] });
  return new Promise((resolve, reject) => {
    holder.on("error", (error: NodeJS.ErrnoException) => (error.code === "ENOENT" ? resolve(() => {}) : reject(error)));
    holder.on("exit", () => reject(new Error(`${folder} can't be locked`)));
    holder.stdout.once("data", () => resolve(() => holder.stdin.end()));
  });
}

/** Later values win, except that an unknown one replaces no known one. */
export function merged<T extends string | Record<string, string>>(
  before: Record<string, Record<string, T>>,
  now: Record<string, Record<string, T>>,
) {
  const one = (was: T | undefined, is: T): T => {
    if (typeof is === "string") return is === "unknown" && was !== undefined ? was : is;
    const entries = Object.entries(is).map(([key, value]) => [
      key,
      value === "unknown" ? ((was as Record<string, string>)?.[key] ?? value) : value,
    ]);
    return Object.fromEntries(entries) as T;
  };
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  return Object.fromEntries(
    names.map((name) => [
      name,
      {
        ...before[name],
        ...Object.fromEntries(
          Object.entries(now[name] ?? {}).map(([version, value]) => [version, one(before[name]?.[version], value)]),
        ),
      },
    ]),
  );
}
