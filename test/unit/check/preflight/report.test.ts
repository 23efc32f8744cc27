import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer } from "../../../../check/preflight/ask.ts";
import { preflightReport, preflightStatus, preflightText } from "../../../../check/preflight/report.ts";

const said = (name: string, more: string[] = [], { accepted = [] as string[], clock = 1000.1, machine = name } = {}): Answer => ({
  host: { name, command: "", stdin: "", accepted },
  text: [
    `machine ${Buffer.from(machine.padEnd(8)).toString("hex")}`,
    "prepared no",
    `clock ${clock}`,
    "mtu 1500 eth0",
    ...more,
    "end",
  ].join("\n"),
  asked: 1000,
  answered: 1002,
});
const report = (...answers: Answer[]) => preflightReport("production", answers, 0);

test("hosts without findings pass", () => {
  const made = report(said("m1"), said("m2", ["path 10.0.0.1 full", "path 10.0.0.3 silent"]));
  assert.equal(preflightStatus(made), 0);
  assert.equal(
    preflightText(made),
    "m1: passed\nm2: passed\n\nstack production: 0 problems, 0 warnings; 2 of 2 hosts looked at, nothing was changed",
  );
});

test("problems, warnings and notes stand with their host; an accepted warning is told and fails nothing", () => {
  const made = report(
    said("m1", ["problem port 6443 is taken", "warning slow-disk: 12 ms", "note small"]),
    said("m2", ["warning slow-disk: 13 ms"], { accepted: ["slow-disk"] }),
  );
  assert.equal(preflightStatus(made), 1);
  assert.equal(
    preflightText(made),
    [
      "m1",
      "  PROBLEM  port 6443 is taken",
      "  WARNING  slow-disk: 12 ms",
      "  note     small",
      "m2",
      "  accepted slow-disk: 13 ms",
      "",
      "Mend the cause of a warning, or accept the warning by its name: preflight.accept, for all hosts or for one.",
      "",
      "stack production: 1 problem, 1 warning (and 1 accepted); 2 of 2 hosts looked at, nothing was changed",
    ].join("\n"),
  );
  assert.equal(preflightStatus(report(said("m2", ["warning slow-disk: 13 ms"], { accepted: ["slow-disk"] }))), 0);
});

test("a clock is judged by a certain difference only: the answer may have taken long", () => {
  const skewed = (clock: number) => report(said("m1", [], { clock })).places[0]?.warnings[0]?.text;
  for (const clock of [999.1, 1000, 1001.9, 1002.9]) assert.equal(skewed(clock), undefined, String(clock));
  assert.match(skewed(997.5) ?? "", /the clock of m1 is 2\.5 s behind this machine's/);
  assert.match(skewed(1005) ?? "", /3\.0 s ahead of this machine's/);
});

test("what shows beside each other only: one machine under two names, and packets that do not get through", () => {
  const made = report(said("m1", ["path 10.0.0.2 small", "path 10.0.0.3 full"]), said("w1", [], { machine: "m1" }));
  assert.match(made.places[0]?.problems[0] ?? "", /^m1 and w1 have the same \/etc\/machine-id/);
  assert.deepEqual(
    made.places[1]?.warnings.map(({ name, text }) => `${name} ${text.slice(0, 70)}`),
    ["path-mtu packets of 1500 bytes, as eth0 sends them, do not reach 10.0.0.2, and "],
  );
});

test("a host that does not answer is named with the reason, and the report is not whole", () => {
  const made = report(said("m1"), { host: { name: "m2", command: "", stdin: "", accepted: [] }, error: "no route to host" });
  assert.equal(preflightStatus(made), 2);
  assert.match(preflightText(made), /^m2\n {2}PROBLEM {2}no route to host$/m);
  assert.match(preflightText(made), /1 of 2 hosts looked at/);
});

test("a host that can't be looked at gets the cure that up names, too", () => {
  const problem = (error: string) =>
    report({ host: { name: "m1", command: "", stdin: "", accepted: [] }, error }).places[0]?.problems[0] ?? "";
  assert.match(problem("preflight ended with 1: sudo: a password is required"), /required\. .*--secret sudoPassword/);
  assert.match(problem("a@b:22 refuses the login of user a with key"), /\. .*sshPassword where the host takes passwords alone/);
  assert.match(problem("cannot reach a@b:22: connect ECONNREFUSED"), /\. Start the host, and compare its address/);
  assert.equal(problem("something else"), "something else");
});
