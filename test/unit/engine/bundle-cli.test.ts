import assert from "node:assert/strict";
import { test } from "node:test";
import { run } from "../../harness/process.ts";

const main = new URL("../../../engine/bundle-cli.ts", import.meta.url).pathname;
const bundleCli = (...words: string[]) => run(process.execPath, [main, ...words]);

test("explains itself, and refuses a wrong option without a stack", async () => {
  const { status, stdout } = await bundleCli("--help");
  assert.equal(status, 0);
  assert.match(stdout, /^ {2}--output FOLDER/m);
  for (const [words, message] of [
    [["--no-such"], /^ERROR: Unknown option '--no-such'.*\n$/],
    [["--output", ""], /^ERROR: --output "": the folder of the bundle\n$/],
  ] as const) {
    const refused = await bundleCli(...words);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, message);
  }
});
