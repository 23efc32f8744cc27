import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { must } from "./process.ts";
import type { Stack } from "./stack.ts";

const root = new URL("../../", import.meta.url).pathname;
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "ha-kubernetes/releases");

/** Checks out a commit of this project beside this one, with what it needs to run. @returns Its folder, which ends in a slash. */
export async function checkoutOf(commit: string): Promise<string> {
  const folder = `${join(cache, commit)}/`;
  if (!existsSync(`${folder}node_modules`)) {
    mkdirSync(cache, { recursive: true });
    if (!existsSync(folder)) await must("git", ["clone", "--quiet", "--no-checkout", root, folder]);
    await must("git", ["checkout", "--quiet", commit], { cwd: folder });
    await must("npm", ["ci", "--silent", "--no-audit", "--no-fund"], { cwd: folder });
  }
  return folder;
}

/** Makes the stack's cluster with the program of that checkout, and copies its config and state to this one. */
export async function upWith(folder: string, stack: Stack): Promise<void> {
  const at = (file: string) => join(folder, file.slice(root.length));
  // Of an earlier test.
  rmSync(`${folder}state`, { recursive: true, force: true });
  cpSync(stack.configFile, at(stack.configFile));
  await must(process.execPath, ["engine/launch.mjs", "up", "--stack", stack.name, "--yes", "--skip-preview"], {
    cwd: folder,
    env: { PULUMI_CONFIG_PASSPHRASE: stack.passphrase },
    limitSeconds: 1800,
  });
  mkdirSync(dirname(stack.stateFile), { recursive: true });
  cpSync(at(stack.stateFile), stack.stateFile);
  cpSync(at(stack.configFile), stack.configFile);
}
