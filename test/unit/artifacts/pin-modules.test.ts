import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { eventually, run } from "../../harness/process.ts";
import { scratch } from "../../harness/scratch.ts";

// The command that pins modules, with a Go that never ends.

const main = new URL("../../../artifacts/pin-modules.ts", import.meta.url).pathname;

test("a signal leaves nothing of an unfinished folder", async () => {
  const folder = scratch();
  const bin = scratch();
  mkdirSync(join(folder, "runc-1.4.3"));
  writeFileSync(join(folder, "runc-1.4.3/go.mod"), "module x\n");
  const module = '{"Go":"1.26","Tool":[{"Path":"m"}],"Require":[{"Path":"m","Version":"v1.4.3"}],"GoMod":"x"}';
  const go = `#!/bin/sh\n[ "$2" = tidy ] || { echo '${module}'; exit; }\n>${bin}/tidies\nexec sleep 300\n`;
  writeFileSync(join(bin, "go"), go, { mode: 0o755 });
  let pid = 0;
  const ended = run(process.execPath, [main, "runc", "v1.4.4", "--in", folder], {
    env: { PATH: `${bin}:${process.env.PATH}` },
    limitSeconds: 60,
    started: (it) => {
      pid = it;
    },
  });
  await eventually("go mod tidy", 30, () => existsSync(join(bin, "tidies")));
  assert.equal(readdirSync(folder).length, 2);
  process.kill(pid, "SIGINT");
  assert.equal((await ended).status, 130);
  assert.deepEqual(readdirSync(folder), ["runc-1.4.3"]);
});

test("a module that stands in for another one goes along; one of the project's own repository does not", async () => {
  const folder = scratch();
  const bin = scratch();
  mkdirSync(join(folder, "runc-1.4.3/small"), { recursive: true });
  writeFileSync(join(folder, "runc-1.4.3/small/go.mod"), "module example.com/large\n");
  const replace = (old: string, path: string) => `{"Old":{"Path":"${old}"},"New":{"Path":"${path}"}}`;
  const replaced = [replace("example.com/large", "./small"), replace("example.com/part", "../part")].join();
  const module = `{"Go":"1.26","Tool":[{"Path":"m"}],"Require":[{"Path":"m","Version":"v1.4.3"}],"Replace":[${replaced}],"GoMod":"x"}`;
  writeFileSync(join(bin, "go"), `#!/bin/sh\n[ "$2" = tidy ] && exec touch go.sum\necho '${module}'\n`, { mode: 0o755 });
  const { status, stderr } = await run(process.execPath, [main, "runc", "1.4.4", "--in", folder], {
    env: { PATH: `${bin}:${process.env.PATH}` },
  });
  assert.equal(status, 0, stderr);
  assert.match(readFileSync(join(folder, "runc-1.4.4/go.mod"), "utf8"), /replace \(\n\texample\.com\/large => \.\/small\n\)/);
  assert.ok(existsSync(join(folder, "runc-1.4.4/small/go.mod")));
});

for (const [words, message] of [
  [["cniplugins", "1.10.0"], /has no folder of cniplugins to go by; it has those of cni-plugins, containerd, .*runc$/m],
  [["cniPlugins", "1.10"], /^ERROR: 1\.10 is not a version such as 1\.36\.5$/m],
  [["runc", "v1.4.4-rc.1"], /^ERROR: v1\.4\.4-rc\.1 is not a version/m],
] as const) {
  test(`${words.join(" ")} is refused`, async () => {
    const { status, stderr } = await run(process.execPath, [main, ...words]);
    assert.equal(status, 1);
    assert.match(stderr, message);
  });
}
