import assert from "node:assert/strict";
import { test } from "node:test";
import { accountOf, oneFirst, passedOver, type Verdict, verdictOf } from "../../../../providers/baremetal/one-first.ts";

/** Asks hosts that answer with a verdict; who was asked, in order, and who at the same time. */
async function asked(hosts: Record<string, { account?: string; verdict?: Verdict }>) {
  const order: string[] = [];
  let open = 0;
  let most = 0;
  const answers = await oneFirst<string, Verdict | "passed over">(Object.keys(hosts), {
    accountOf: (name) => hosts[name]?.account,
    ask: async (name) => {
      order.push(name);
      most = Math.max(most, ++open);
      await new Promise(setImmediate);
      open--;
      return hosts[name]?.verdict;
    },
    verdictOf: (answer) => (answer === "passed over" ? undefined : answer),
    passedOver: () => "passed over",
  });
  return { answers, order, most };
}

test("of hosts with one password one is asked first, and the others at once when it has taken it", async () => {
  const one = { account: "ops", verdict: "taken" } as const;
  const { order, most, answers } = await asked({ a: one, b: one, c: one });
  assert.deepEqual([order, most, answers], [["a", "b", "c"], 2, ["taken", "taken", "taken"]]);
});

test("a password that one host refuses goes to no other; hosts with another one or none are asked", async () => {
  const { order, answers } = await asked({
    a: { account: "ops", verdict: "refused" },
    b: { account: "ops", verdict: "taken" },
    c: { verdict: "taken" },
    d: { account: "other", verdict: "taken" },
  });
  assert.deepEqual(order, ["a", "c", "d"]);
  assert.deepEqual(answers, ["refused", "passed over", "taken", "taken"]);
});

test("a host that can't be reached says nothing of the password: the next one is asked alone", async () => {
  const { order, answers } = await asked({
    a: { account: "ops" },
    b: { account: "ops", verdict: "refused" },
    c: { account: "ops", verdict: "taken" },
  });
  assert.deepEqual(
    [order, answers],
    [
      ["a", "b"],
      [undefined, "refused", "passed over"],
    ],
  );
});

test("an account is a user with a password of SSH or of sudo", () => {
  const at = { kind: "ssh", host: "a", port: 22, user: "ops", privateKey: "k" } as const;
  assert.equal(accountOf(at), undefined);
  assert.equal(accountOf({ ...at, password: "p" }), accountOf({ ...at, host: "b", password: "p" }));
  assert.notEqual(accountOf({ ...at, password: "p" }), accountOf({ ...at, user: "other", password: "p" }));
  assert.notEqual(accountOf({ ...at, sudoPassword: "p" }), undefined);
  assert.notEqual(accountOf({ kind: "local", sudoPassword: "p" }), undefined);
});

test("reasons say whether a password was refused", () => {
  const of = (reason: string) => verdictOf(reason);
  assert.equal(of("ops@a:22 refuses the login of user ops with a password"), "refused");
  assert.equal(of("sudo refuses the password of user ops: store the right one"), "refused");
  assert.equal(of("cannot reach ops@a:22: connect ECONNREFUSED (tried 3 times)"), undefined);
  assert.equal(of("no answer from ops@a:22 within 90 s"), undefined);
  assert.equal(of("sudo does not let user ops run commands as root"), "taken");
  assert.equal(of(passedOver("a")), "taken");
});
