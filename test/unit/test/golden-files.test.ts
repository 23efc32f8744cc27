import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { scratch } from "../../harness/scratch.ts";

// A golden file that nothing compares with would say for years what no host gets.

test("every golden file is one that a test compares with", () => {
  const cwd = new URL("../../../", import.meta.url).pathname;
  const tests = globSync("test/unit/**/*.test.ts", { cwd }).filter((file) =>
    /harness\/golden\.ts/.test(readFileSync(`${cwd}${file}`, "utf8")),
  );
  const folder = `${scratch()}/`;
  // Without the variable by which Node tells a test file that another process reads its results.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout } = spawnSync(process.execPath, ["--test", "--import", `${cwd}test/harness/seed.ts`, ...tests], {
    cwd,
    encoding: "utf8",
    env: { ...env, HA_KUBERNETES_GOLDEN: "renew", HA_KUBERNETES_GOLDEN_FOLDER: folder },
  });
  assert.equal(status, 0, stdout);
  const filesOf = (root: string) =>
    globSync("**", { cwd: root, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => `${entry.parentPath}/${entry.name}`.slice(root.length))
      .sort();
  assert.deepEqual(filesOf(`${cwd}test/golden/`), filesOf(folder));
});
