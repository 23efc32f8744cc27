import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { eventually, run } from "../../harness/process.ts";
import { scratch } from "../../harness/scratch.ts";

// Runs of the bundle builder, with a Go that never ends: it and its compiler write down who they are.

const main = new URL("../../../artifacts/make-bundle.ts", import.meta.url).pathname;

function builder() {
  const folder = scratch();
  const bin = join(folder, "bin");
  mkdirSync(bin);
  const go = `#!/bin/sh\nsleep 300 &\necho $$ $! >${folder}/pids.new\nmv ${folder}/pids.new ${folder}/pids\nwait\n`;
  writeFileSync(join(bin, "go"), go, { mode: 0o755 });
  const env = { XDG_CACHE_HOME: folder, PATH: `${bin}:${process.env.PATH}` };
  const start = () => {
    let pid = 0;
    let said = "";
    const started = (it: number) => {
      pid = it;
    };
    const hears = (piece: string) => {
      said += piece;
    };
    const ended = run(process.execPath, [main, "--source", "build"], { env, started, said: hears, limitSeconds: 60 });
    return { pid: () => pid, said: () => said, ended };
  };
  const pids = () => existsSync(join(folder, "pids")) && readFileSync(join(folder, "pids"), "utf8").trim().split(" ").map(Number);
  return { folder, start, pids };
}

const lives = (pid: number) => {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};

for (const [signal, status] of [
  ["SIGTERM", 143],
  ["SIGINT", 130],
  ["SIGHUP", 129],
] as const) {
  test(`${signal} ends the run with its builds and frees the lock`, async () => {
    const { folder, start, pids } = builder();
    const first = start();
    const builds = await eventually("a build", 30, pids);
    process.kill(first.pid(), signal);
    assert.equal((await first.ended).status, status);
    await eventually("the end of the builds", 10, () => !builds.some(lives));
    assert.equal((await run("flock", ["--nonblock", join(folder, "ha-kubernetes/bundle.lock"), "true"])).status, 0);
  });
}

test("a second run says for whom it waits, also for the builds of a killed one, and then works itself", async () => {
  const { start, pids } = builder();
  const first = start();
  const builds = await eventually("a build", 30, pids);
  const second = start();
  await eventually("a word of the second run", 30, () =>
    second.said().includes(`waiting for another run (pid ${first.pid()}) to end`),
  );
  process.kill(first.pid(), "SIGKILL");
  await first.ended.catch(() => {});
  assert.ok(!second.said().includes("files are there"), "the builds of the first one go on");
  for (const pid of builds) process.kill(pid, "SIGKILL");
  await eventually("work of the second run", 30, () => second.said().includes("files are there"));
  process.kill(second.pid(), "SIGTERM");
  assert.equal((await second.ended).status, 143);
});

test("npm hands its signal on: its shell is replaced", () => {
  const { scripts } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
  for (const name of ["bundle", "bundle:cli", "pin"]) assert.match(scripts[name], /^exec node /);
});
