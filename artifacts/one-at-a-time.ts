import { ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "./bundle-manifest.ts";
import { inheritAll, run, say } from "./run-program.ts";

/**
 * Waits until no other run of the bundle builder works on this machine, whatever its output: all of them share a work folder. Then this
 * process has the lock until it ends, in whatever way.
 *
 * @throws Error where the program flock is missing
 */
export async function onlyOneAtATime(): Promise<void> {
  mkdirSync(cacheFolder(), { recursive: true });
  const path = join(cacheFolder(), "bundle.lock");
  const file = openSync(path, "a");
  // The kernel's lock belongs to the open file, which this process shares with flock. It shares it with builds as well: one that outlives
  // a killed run still writes to the work folder.
  const place = String(inheritAll(file));
  const status = await run("flock", ["--nonblock", "--conflict-exit-code", "75", place]).then(
    () => 0,
    (error: Error) => (error.message.includes("code 75") ? 75 : Promise.reject(needed(error))),
  );
  if (status !== 0) {
    const holder = readFileSync(path, "utf8").trim();
    say(`waiting for another run${holder === "" ? "" : ` (pid ${holder})`} to end: one at a time works on this machine`);
    await run("flock", [place]);
  }
  ftruncateSync(file);
  writeSync(file, `${process.pid}\n`);
}

const needed = ({ message }: Error) => new Error(`flock, of the package util-linux, is needed: ${message}`);
