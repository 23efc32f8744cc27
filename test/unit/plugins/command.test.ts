import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ResourceType } from "../../../plugins/provider.ts";
import { type Properties, unknown } from "../../../plugins/value.ts";
import { scratch } from "../../harness/scratch.ts";
import { connection, context, rejection, server, typeOf } from "./command-samples.ts";

const folder = scratch();

/** Both kinds of command have the same semantics, so both are held to the same tests. */
const kinds: { kind: string; type: ResourceType; base: () => Properties }[] = [
  { kind: "local", type: typeOf("command:local:Command"), base: () => ({}) },
  { kind: "remote", type: typeOf("command:remote:Command"), base: () => ({ connection: connection() }) },
];

for (const { kind, type, base } of kinds) {
  const create = (inputs: Properties, lines?: string[]) => type.create({ ...base(), ...inputs }, context(lines));
  const update = async (before: Properties, inputs: Properties) => {
    const old = await create(before);
    assert.ok(type.update);
    return type.update({ ...old, inputs: { ...base(), ...before } }, { ...base(), ...inputs }, context());
  };

  test(`${kind}: create returns inputs and outputs, with one newline trimmed from each`, async () => {
    const inputs = { create: "cat; echo; echo warn >&2", stdin: "in" };
    const { id, outputs } = await create(inputs);
    assert.match(id, /^thing[0-9a-f]{8}$/);
    assert.deepEqual(outputs, { ...base(), ...inputs, stdout: "in", stderr: "warn" });
    assert.equal((await create({ create: "printf 'a\\n\\n'" })).outputs.stdout, "a\n");
  });

  test(`${kind}: without create nothing runs and the outputs are empty`, async () => {
    const { outputs } = await create({ delete: "false" });
    assert.deepEqual([outputs.stdout, outputs.stderr], ["", ""]);
  });

  test(`${kind}: an update runs update, or create, or nothing`, async () => {
    assert.equal(
      (await update({ create: "echo made" }, { create: "echo made", update: "echo changed" })).outputs.stdout,
      "changed",
    );
    assert.equal((await update({ create: "echo made" }, { create: "echo again" })).outputs.stdout, "again");
    assert.equal((await update({ create: "echo made" }, { stdin: "x" })).outputs.stdout, "made");
  });

  test(`${kind}: an update gets the last output in its environment, unless that is turned off`, async () => {
    const show = 'echo "$PULUMI_COMMAND_STDOUT/$PULUMI_COMMAND_STDERR"';
    const before = { create: "echo one; echo two >&2" };
    assert.equal((await update(before, { ...before, update: show })).outputs.stdout, "one/two");
    assert.equal((await update(before, { ...before, update: show, addPreviousOutputInEnv: false })).outputs.stdout, "/");
  });

  test(`${kind}: delete runs text and stdin of the last applied state, not of the new inputs`, async () => {
    const mark = join(folder, `${kind}-deleted`);
    const applied = { ...base(), create: "true", delete: `cat > ${mark}`, stdin: "applied" };
    const { id, outputs } = await type.create(applied, context());
    await type.delete?.({ id, outputs, inputs: { ...applied, delete: "false", stdin: "later" } }, context());
    assert.equal(readFileSync(mark, "utf8"), "applied");
  });

  test(`${kind}: a failure says what failed, where, how and its last lines, never the text or stdin`, async () => {
    const text = "token=hush-command; cat >/dev/null; for i in $(seq 30); do echo line $i; done; echo last words >&2; exit 7";
    const message = await rejection(create({ create: text, stdin: "hush-stdin" }));
    assert.match(
      message,
      /^create of "thing" on (this machine|tester@127\.0\.0\.1:\d+) ended with exit status 7; its last lines:\n/,
    );
    assert.match(message, /last words/);
    assert.match(message, /line 30/);
    assert.doesNotMatch(message, /hush|line 5\n|token/);
    assert.ok(message.split("\n").length <= 21);
  });

  test(`${kind}: a command that a signal ends has failed`, async () => {
    assert.match(await rejection(create({ create: "kill -9 $$" })), /was ended by signal KILL, having printed nothing$/);
  });

  test(`${kind}: logging chooses the streams that are shown, and keeps standard output out of errors, too`, async () => {
    const speak = "echo out; echo err >&2";
    const shown = async (logging?: string) => {
      const lines: string[] = [];
      await create({ create: speak, ...(logging && { logging }) }, lines);
      return lines.sort();
    };
    assert.deepEqual(await shown(), ["err", "out"]);
    assert.deepEqual(await shown("stdoutAndStderr"), ["err", "out"]);
    assert.deepEqual(await shown("stdout"), ["out"]);
    assert.deepEqual(await shown("stderr"), ["err"]);
    assert.deepEqual(await shown("none"), []);
    const message = await rejection(create({ create: `${speak}; exit 1`, logging: "none" }));
    assert.match(message, /its last lines:\nerr$/);
  });

  test(`${kind}: a line of a megabyte arrives complete and is shown shortened`, async () => {
    const lines: string[] = [];
    const { outputs } = await create({ create: "head -c 1048576 /dev/zero | tr '\\0' x; echo; echo end" }, lines);
    assert.equal((outputs.stdout as string).length, 1048576 + 4);
    assert.ok((lines[0] ?? "").length < 2100);
    assert.equal(lines[1], "end");
  });

  test(`${kind}: characters that are cut anywhere arrive complete`, async () => {
    const { outputs } = await create({ create: "printf '\\303'; sleep 0.05; printf '\\251\\n'" });
    assert.equal(outputs.stdout, "é");
  });

  test(`${kind}: lines are shown while the command runs`, async () => {
    const gate = join(folder, `${kind}-gate`);
    const lines: string[] = [];
    const log = (line: string) => {
      if (lines.push(line) === 1) writeFileSync(gate, "");
    };
    const create = `echo first; until [ -e ${gate} ]; do sleep 0.02; done; echo second`;
    await type.create({ ...base(), create }, { ...context(), log });
    assert.deepEqual(lines, ["first", "second"]);
  });

  test(`${kind}: triggers replace, any other input updates, equal inputs change nothing`, async () => {
    const inputs: Properties = { ...base(), create: "true", stdin: "a", triggers: ["x", { deep: [1] }] };
    const old = { id: "thing1", inputs, outputs: inputs };
    const diff = async (changes: Properties) => type.diff?.(old, { ...inputs, ...changes }, context());
    assert.deepEqual(await diff({}), { update: [], replace: [] });
    assert.deepEqual(await diff({ triggers: ["x", { deep: [2] }] }), { update: [], replace: ["triggers"] });
    assert.deepEqual(await diff({ stdin: "b", delete: "true" }), {
      update: ["stdin", "delete"],
      replace: [],
    });
    assert.deepEqual(await diff({ stdin: unknown }), { update: ["stdin"], replace: [] });
    assert.deepEqual(await diff({ triggers: ["x", unknown] }), { update: [], replace: ["triggers"] });
  });

  test(`${kind}: unknown inputs are refused by name`, async () => {
    const check = async (inputs: Properties) => (await type.check?.({ ...base(), ...inputs }, {}, context()))?.failures;
    assert.deepEqual(await check({ create: "true" }), []);
    assert.match(JSON.stringify(await check({ assetPaths: ["*"] })), /"assetPaths","reason":"is not known here/);
    assert.match(JSON.stringify(await check({ logging: "all" })), /\\"all\\"; allowed: stdout, stderr, stdoutAndStderr, none/);
    assert.match(JSON.stringify(await check({ create: 5 })), /"create","reason":"must be of type string"/);
    assert.deepEqual(await check({ create: unknown, stdin: unknown }), []);
  });
}

const local = typeOf("command:local:Command");
const remote = typeOf("command:remote:Command");

test("local: interpreter, dir and environment", async () => {
  const inputs = { create: "pwd; echo $COLOR $0", interpreter: ["/bin/bash", "-c"], dir: folder, environment: { COLOR: "red" } };
  const { outputs } = await local.create(inputs, context());
  assert.equal(outputs.stdout, `${folder}\nred /bin/bash`);
});

test("local: the passphrase of the state's secrets is not passed on", async () => {
  process.env.PULUMI_CONFIG_PASSPHRASE = "hush";
  try {
    assert.equal((await local.create({ create: "echo [$PULUMI_CONFIG_PASSPHRASE]" }, context())).outputs.stdout, "[]");
  } finally {
    delete process.env.PULUMI_CONFIG_PASSPHRASE;
  }
});

test("local: a missing interpreter is named", async () => {
  assert.match(
    await rejection(local.create({ create: "x", interpreter: ["/no/such/shell"] }, context())),
    /cannot start \/no\/such\/shell here: ENOENT/,
  );
});

test("local: an interrupt reaches the command's whole process group", async () => {
  const mark = join(folder, "group");
  const stop = new AbortController();
  const text = `trap 'echo got it > ${mark}; exit' TERM; sh -c 'echo up; sleep 20' & wait`;
  const running = local.create({ create: text }, { name: "thing", log: () => stop.abort(), signal: stop.signal });
  assert.match(await rejection(running), /interrupted/);
  assert.ok(existsSync(mark));
});

test("remote: the connection and its proxy get the plugin's defaults and must name a host", async () => {
  const check = async (connection: Properties | typeof unknown) => remote.check?.({ connection }, {}, context());
  const defaults = { user: "root", port: 22, dialErrorLimit: 10, perDialTimeout: 15 };
  assert.deepEqual(await check({ host: "h", proxy: { host: "p", port: 2222 } }), {
    inputs: { connection: { ...defaults, host: "h", proxy: { ...defaults, host: "p", port: 2222 } } },
    failures: [],
  });
  assert.deepEqual(
    (await check({ proxy: {} }))?.failures?.map(({ property }) => property),
    ["connection.host", "connection.proxy.host"],
  );
  assert.deepEqual((await check(unknown))?.failures, []);
  assert.deepEqual((await check({ host: unknown }))?.failures, []);
  assert.deepEqual(
    (await remote.check?.({ create: "x" }, {}, context()))?.failures?.map(({ property }) => property),
    ["connection"],
  );
});

test("remote: an environment is refused with the cure", async () => {
  const checked = await remote.check?.({ connection: connection(), environment: { A: "b" } }, {}, context());
  assert.match(checked?.failures?.[0]?.reason ?? "", /write NAME=value before the command/);
});

test("remote: another login for the same host is tried and recorded, and runs nothing; any other change runs", async () => {
  const log = join(folder, "ran");
  const inputs = { connection: { ...connection(), user: "tester" }, create: `echo ran >>${log}; echo out` };
  const old = { ...(await remote.create(inputs, context())), inputs };
  const update = async (changes: Properties) => {
    writeFileSync(log, "");
    const now = { ...inputs, ...changes };
    const updated = await remote.update?.(old, now, context());
    assert.deepEqual(updated?.outputs, { ...now, stdout: "out", stderr: "" });
    return readFileSync(log, "utf8");
  };
  const { privateKey: _, ...withPassword } = connection();
  assert.equal(await update({ connection: { ...withPassword, password: server.password } }), "");
  assert.equal(await update({ connection: { ...connection(), dialErrorLimit: 7 } }), "");
  assert.equal(await update({ connection: { ...connection(), host: "localhost" } }), "ran\n");
  assert.equal(await update({ connection: { ...connection(), hostKey: `${server.hostKey} comment` } }), "ran\n");
  assert.equal(await update({ connection: { ...connection(), dialErrorLimit: 7 }, stdin: "x" }), "ran\n");
  const wrong = { ...inputs, connection: { ...withPassword, password: "wrong" } };
  assert.match(await rejection(Promise.resolve(remote.update?.(old, wrong, context()))), /refuses the login of user tester/);
});

test("remote: a delete whose login is refused says that it used the login of the last update", async () => {
  const inputs = { connection: { ...connection(), user: "former" }, create: "true", delete: "true" };
  const old = { id: "x", inputs, outputs: { ...inputs, stdout: "", stderr: "" } };
  const message = await rejection(Promise.resolve(remote.delete?.(old, context())));
  assert.match(message, /former@127\.0\.0\.1:\d+ refuses the login of user former with key SHA256:.*the last update of "thing"/);
});
