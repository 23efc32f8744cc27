import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { test } from "node:test";

const root = new URL("../../../", import.meta.url).pathname;

/** The groups in the order for a commit, each with its minutes. */
function orderFor(commit: string): { name: string; minutes: number }[] {
  const lines = execFileSync("bash", [`${root}.ci/groups.sh`, commit], { encoding: "utf8" })
    .trim()
    .split("\n");
  return lines.map((line) => line.split(" ")).map(([name = "", minutes]) => ({ name, minutes: Number(minutes) }));
}

test("the table has every end-to-end group once but core, which npm test runs, and the order depends on the commit alone", () => {
  const groups = globSync("test/e2e/*.test.ts", { cwd: root }).map((file) => basename(file, ".test.ts"));
  const order = orderFor("c0ffee");
  const byHand = readFileSync(`${root}.ci/groups.sh`, "utf8").matchAll(/^(\S+) \d+ by-hand\b/gm);
  const table = [...order.map(({ name }) => name), ...[...byHand].map(([, name]) => name)];
  assert.deepEqual(table.sort(), groups.filter((name) => name !== "core").sort());
  assert.ok(order.every(({ minutes }) => Number.isInteger(minutes) && minutes > 0));
  assert.deepEqual(orderFor("c0ffee"), order);
  assert.notDeepEqual(orderFor("c0ffef"), order);
});

test("with an hour for each run, membership and failover run every time and every other group within 30 commits", () => {
  const seen = new Map<string, number>();
  for (let commit = 1; commit <= 30; commit++) {
    let left = 60;
    for (const { name, minutes } of orderFor(`commit ${commit}`)) {
      // As in .ci/run.
      if (left < minutes * 1.5) continue;
      left -= minutes;
      seen.set(name, (seen.get(name) ?? 0) + 1);
    }
  }
  assert.equal(seen.get("membership"), 30);
  assert.equal(seen.get("failover"), 30);
  for (const { name } of orderFor("any")) assert.ok((seen.get(name) ?? 0) >= 1, `${name} never ran`);
});
