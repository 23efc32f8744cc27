import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let root: string | undefined;
let made = 0;

/**
 * Makes an empty folder of the calling test file's own. It goes away with the file's process, whether the tests pass or fail. Its
 * path does not have the program's name, by which hosts know their own files.
 */
export function scratch(): string {
  root ??= removedAtExit(mkdtempSync(join(tmpdir(), "hak-test-")));
  const folder = join(root, String(++made));
  mkdirSync(folder);
  return folder;
}

function removedAtExit(folder: string): string {
  // A killed child of the tests may write for a moment longer.
  process.on("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}
