import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** With a slash at its end. */
const folder = process.env.HA_KUBERNETES_GOLDEN_FOLDER ?? new URL("../golden/", import.meta.url).pathname;

/**
 * Compares `text` with the file test/golden/`name`, such as `etcd/etcd.service`. `npm run golden` sets HA_KUBERNETES_GOLDEN=renew:
 * then the file is written instead, and `git diff` shows what changed. HA_KUBERNETES_GOLDEN_FOLDER takes the place of test/golden/.
 * Fails when the two differ or the file does not exist.
 * Import this in the .test.ts file itself: that is how `npm run golden` finds the tests to run.
 */
export function golden(name: string, text: string, root: string = folder): void {
  const path = `${root}${name}`;
  if (process.env.HA_KUBERNETES_GOLDEN === "renew") {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return;
  }
  try {
    assert.equal(text, expected(path));
  } catch (error) {
    const hint = `test/golden/${name} differs: run \`npm run golden\` and review the change with git diff`;
    throw new Error(`${hint}\n${error instanceof Error ? error.message : error}`);
  }
}

function expected(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
