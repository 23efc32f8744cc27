import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { scratch } from "../../harness/scratch.ts";

// The launcher in a separate checkout, with an npm that only records its arguments and creates the files that npm would.

function checkout() {
  const folder = scratch();
  const file = (name: string, text: string, mode = 0o644) => {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), mode);
  };
  mkdirSync(join(folder, "engine"));
  copyFileSync(new URL("../../../engine/launch.mjs", import.meta.url), join(folder, "engine/launch.mjs"));
  const lock = (version: string) => JSON.stringify({ packages: { "": {}, "node_modules/some": { version } } });
  file("package-lock.json", lock("1.0.0"));
  file("some-node", `#!/bin/sh\necho "node: $*"\n`, 0o755);
  const install = 'mkdir -p node_modules/.bin; cp some-node node_modules/.bin/node; [ -e "fails" ] && exit 1; exit 0';
  file(
    "bin/npm",
    `#!/bin/sh\n[ "$1" = --version ] && { cat npm-version; exit; }\necho "npm: $*" | tee -a asked\n${install}\n`,
    0o755,
  );
  file("npm-version", "10.2.0\n");
  const launch = (...args: string[]) => {
    const env = { ...process.env, PATH: `${join(folder, "bin")}:${process.env.PATH}` };
    return spawnSync(process.execPath, [join(folder, "engine/launch.mjs"), ...args], { encoding: "utf8", env, cwd: tmpdir() });
  };
  const asked = () =>
    existsSync(join(folder, "asked")) ? readFileSync(join(folder, "asked"), "utf8").trim().split("\n").length : 0;
  return { folder, file, lock, launch, asked };
}

test("installs once if nothing is installed, and again if the lock file changes", () => {
  const { file, lock, launch, asked } = checkout();
  const first = launch("up", "--parallel", "2");
  assert.equal(first.status, 0, first.stderr);
  assert.equal(first.stdout, "node: engine/front-end.ts up --parallel 2\n");
  assert.match(first.stderr, /npm: ci/);
  launch("preview");
  assert.equal(asked(), 1);
  file("package-lock.json", lock("1.0.1"));
  assert.equal(launch("run", "bench/run-benchmarks.ts", "--x").stdout, "node: bench/run-benchmarks.ts --x\n");
  assert.equal(asked(), 2);
});

test("an interrupted installation is repeated; a failed one ends with an error", () => {
  const { folder, file, launch, asked } = checkout();
  file("fails", "");
  const failed = launch("up");
  assert.equal(failed.status, 1);
  assert.match(failed.stderr, /npm ci failed/);
  rmSync(join(folder, "fails"));
  assert.equal(launch("up").status, 0);
  assert.equal(asked(), 2);
});

test("accepts an installation by npm itself, unless a package is missing", () => {
  const { folder, file, launch, asked } = checkout();
  file("node_modules/.package-lock.json", JSON.stringify({ packages: { "node_modules/some": { version: "1.0.0" } } }));
  file("node_modules/some/package.json", "{}");
  file("node_modules/.bin/node", "#!/bin/sh\necho installed\n", 0o755);
  assert.equal(launch("up").stdout, "installed\n");
  assert.equal(asked(), 0);
  rmSync(join(folder, "node_modules/.installed"));
  rmSync(join(folder, "node_modules/some"), { recursive: true });
  launch("up");
  assert.equal(asked(), 1);
});

test("names an npm that is too old, and passes the exit code on", () => {
  const { file, launch } = checkout();
  file("npm-version", "6.14.0\n");
  const old = launch("up");
  assert.equal(old.status, 1);
  assert.match(old.stderr, /npm 6\.14\.0 is too old: 7 or newer/);
  file("npm-version", "10.0.0\n");
  file("some-node", "#!/bin/sh\nexit 7\n", 0o755);
  assert.equal(launch("up").status, 7);
});
