import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { eventually, run } from "../../../harness/process.ts";
import { scratch } from "../../../harness/scratch.ts";

// What a person reads of a stage: its outcome, why it waits, and for whom.

const folder = scratch();
const file = new URL("../../../../hosts/lib/common.sh", import.meta.url).pathname;
/** The library, with the host's lock in a folder of this test. */
const library = `STAGE_NAME=etcd HOST_NAME=m1; ${readFileSync(file, "utf8").replaceAll("/run/ha-kubernetes", folder)}`;
const bash = (script: string) => run("bash", ["--norc", "-euo", "pipefail", "-c", `${library}\n${script}`]);
const outcome = async (...items: string[]) =>
  (await bash(`${items.map((item) => `DONE+=("${item}")`).join("\n")}\noutcome`)).stdout.trimEnd();

test("the outcome names few changes each, and counts many of one kind where the first stands", async () => {
  const wrote = [1, 2, 3, 4, 5].map((n) => `wrote /etc/${n}`);
  assert.equal(await outcome(), "nothing to change");
  assert.equal(await outcome(...wrote.slice(0, 2), "started etcd"), "wrote /etc/1; wrote /etc/2; started etcd");
  assert.equal(
    await outcome("made it", ...wrote, "started etcd", "removed the etcd member of m3", "imported a"),
    "made it; wrote 5 files; started etcd; removed the etcd member of m3; imported a",
  );
});

test("a wait always says why it goes on: the condition's last words, its why_not, or the condition itself", async () => {
  const waiting = async (condition: string, functions = "") =>
    (await bash(`${functions}\nwait_until 0 "a thing" ${condition}`)).stderr.replace(/\s+$/, "");
  const gaveUp = "ERROR: etcd on m1: gave up after 0 s waiting for a thing: ";
  assert.equal(await waiting("test -e /nowhere/at/all"), `${gaveUp}'test -e /nowhere/at/all' is not true yet`);
  assert.equal(await waiting("late", "late() { echo first; echo second; return 1; }"), `${gaveUp}first second`);
  assert.equal(await waiting("late", "late() { false; }; why_not_late() { echo because; }"), `${gaveUp}because`);
  assert.equal(await waiting("late", "late() { false; }; why_not_late() { false; }"), `${gaveUp}'late' is not true yet`);
});

test("a clock that is set meanwhile, forward or back, changes no deadline", async () => {
  const jump = (by: string) => `pause() { SECONDS=$((SECONDS ${by})); echo x >>${folder}/tries; }; rm -f ${folder}/tries`;
  const thrice = `[ "$(wc -l <${folder}/tries)" -ge 3 ]`;
  const forward = await bash(`${jump("+ 5400")}; thrice() { ${thrice}; }; wait_until 60 "a thing" thrice; echo done`);
  assert.equal(forward.stdout, "done\n", forward.stderr);
  const back = await bash(`${jump("- 5400")}; wait_until 1 "a thing" false`);
  assert.match(back.stderr, /gave up after 1 s/);
});

test("looks that take seconds leave seconds to what they look at, quick ones follow each other closely", async () => {
  // Between two looks at the time this many seconds have passed.
  const paused = async (seconds: number) => {
    const host = `NOW=100; since_boot() { UPTIME=$((NOW += ${seconds})); }; pause() { echo "$1"; }`;
    return (await bash(`${host}; wait_until 9 "a thing" false || true`)).stdout.split("\n")[0];
  };
  assert.equal(await paused(2), "2");
  assert.equal(await paused(1), "0.2");
});

/** Another stage that has the host's lock until its input ends. */
const holdLock = () =>
  spawn("bash", ["--norc", "-euo", "pipefail", "-c", `${library}\nSTAGE_NAME=balancer; take_host_lock; echo held; read -r`]);

test("a stage that meets another one on its host waits without a word at first, then names it", async () => {
  const holder = holdLock();
  await once(holder.stdout, "data");
  const begun = Date.now();
  const waiter = bash("take_host_lock; echo through");
  setTimeout(() => holder.stdin.end("\n"), 500);
  assert.deepEqual((({ stdout, stderr }) => ({ stdout, stderr }))(await waiter), { stdout: "through\n", stderr: "" });
  assert.ok(Date.now() - begun < 9000);
  const long = holdLock();
  await once(long.stdout, "data");
  const second = spawn("bash", ["--norc", "-euo", "pipefail", "-c", `${library}\ntake_host_lock`]);
  let said = "";
  second.stderr.on("data", (chunk) => {
    said += chunk;
  });
  await eventually("the second to say whom it waits for", 20, () => said !== "");
  assert.match(said, new RegExp(`^waiting for stage balancer \\(process ${long.pid}\\) to end on this host\n$`));
  long.stdin.end("\n");
  await once(second, "close");
});
