import assert from "node:assert/strict";
import { test } from "node:test";
import { ntpTime } from "../../../harness/vm.ts";

test("a time of NTP counts from 1900, in seconds and their fraction", () => {
  // RFC 5905, figure 4: the first day of Unix.
  assert.equal(ntpTime(0).toString("hex"), "83aa7e8000000000");
  assert.equal(ntpTime(1500).toString("hex"), "83aa7e8180000000");
});
