import assert from "node:assert/strict";
import { test } from "node:test";
import type { Stack } from "../../../harness/stack.ts";
import { ntpTime, patiently } from "../../../harness/vm.ts";

test("a time of NTP counts from 1900, in seconds and their fraction", () => {
  // RFC 5905, figure 4: the first day of Unix.
  assert.equal(ntpTime(0).toString("hex"), "83aa7e8000000000");
  assert.equal(ntpTime(1500).toString("hex"), "83aa7e8180000000");
});

test("up goes on after a wait that was too short, three runs at most, and after no other failure", async () => {
  const stack = (...results: [status: number, text: string][]) =>
    ({ name: "test", engine: async () => ({ status: results[0]?.[0], text: results.shift()?.[1] }) }) as unknown as Stack;
  const late: [number, string] = [1, "ERROR: etcd on m1: gave up after 180 s waiting for a quorum: no answer"];
  assert.equal(await patiently(stack(late, late, [0, "done"]), "up"), `${late[1]}${late[1]}done`);
  await assert.rejects(patiently(stack(late, late, late, [0, "done"]), "up"), /up of test ended with 1:\n.*gave up/);
  await assert.rejects(patiently(stack([1, "no login"], [0, "done"]), "destroy"), /destroy of test ended with 1:\nno login/);
});
