import assert from "node:assert/strict";
import { test } from "node:test";
import { SshPool } from "../../../plugins/ssh-pool.ts";
import { run, withServer } from "./ssh-samples.ts";
import { freePort, startServer, type TestServer, targetOf } from "./ssh-server.ts";

test("a command gets its stdin, and its output and exit status come back", () =>
  withServer({}, async (server, pool) => {
    const result = await run(pool, targetOf(server), "cat; echo oops >&2; exit 3", { stdin: "hello\n" });
    assert.deepEqual(result, { code: 3, stdout: "hello\n", stderr: "oops\n" });
  }));

test("a command without stdin sees its end at once", () =>
  withServer({}, async (server, pool) => {
    assert.equal((await run(pool, targetOf(server), "cat | wc -c")).stdout.trim(), "0");
  }));

test("twelve megabytes pass both ways", () =>
  withServer({}, async (server, pool) => {
    const stdin = "0123456789ab".repeat(1 << 20);
    const { stdout } = await run(pool, targetOf(server), "cat", { stdin });
    assert.ok(stdout === stdin);
  }));

test("commands share one connection, one after another and at once", () =>
  withServer({}, async (server, pool) => {
    await run(pool, targetOf(server), "true");
    await Promise.all(Array.from({ length: 8 }, () => run(pool, targetOf(server), "true")));
    assert.equal(server.connections(), 1);
  }));

test("thirty commands at once stay below sshd's session limit on every connection", () =>
  withServer({ maxSessions: 10 }, async (server, pool) => {
    const all = await Promise.all(Array.from({ length: 30 }, (_, i) => run(pool, targetOf(server), `sleep 0.1; echo ${i}`)));
    assert.deepEqual(
      all.map((one) => one.stdout.trim()),
      Array.from({ length: 30 }, (_, i) => String(i)),
    );
    assert.ok(server.mostSessions() <= 8, `${server.mostSessions()} sessions on one connection`);
    assert.ok(server.connections() <= 6, `${server.connections()} connections`);
  }));

test("a server with a lower session limit gets more connections", () =>
  withServer({ maxSessions: 2 }, async (server, pool) => {
    const all = await Promise.all(Array.from({ length: 6 }, (_, i) => run(pool, targetOf(server), `sleep 0.1; echo ${i}`)));
    assert.deepEqual(
      all.map((one) => one.stdout.trim()),
      ["0", "1", "2", "3", "4", "5"],
    );
  }));

test("a host that answers late is waited for", async () => {
  const port = await freePort();
  const pool = new SshPool();
  const said: string[] = [];
  let server: TestServer | undefined;
  const target = { host: "127.0.0.1", port, user: "tester", password: "let-me-in-please", dialErrorLimit: 20, perDialTimeout: 5 };
  try {
    const result = await run(pool, target, "echo late", {
      log: (line) => {
        said.push(line);
        // The server comes up once the third try has failed.
        if (said.length === 3)
          startServer({ port }).then((started) => {
            server = started;
          });
      },
    });
    assert.equal(result.stdout, "late\n");
    assert.match(said[0] ?? "", /^tester@127\.0\.0\.1:\d+: .*ECONNREFUSED.*; try 1 of 21$/);
  } finally {
    await pool.close();
    await server?.close();
  }
});

test("after dialErrorLimit failures the next one is an error", async () => {
  const pool = new SshPool();
  const said: string[] = [];
  const target = { host: "127.0.0.1", port: await freePort(), user: "tester", dialErrorLimit: 2, perDialTimeout: 5 };
  await assert.rejects(
    run(pool, target, "true", { log: (line) => said.push(line) }),
    /cannot reach .*ECONNREFUSED.*\(tried 3 times\)/,
  );
  assert.equal(said.length, 2);
});

test("waiting for a host can be interrupted", async () => {
  const pool = new SshPool();
  const stop = new AbortController();
  const target = { host: "127.0.0.1", port: await freePort(), user: "tester", dialErrorLimit: -1, perDialTimeout: 5 };
  await assert.rejects(run(pool, target, "true", { signal: stop.signal, log: () => stop.abort() }), { name: "AbortError" });
});

test("an interrupt does not end a running command", () =>
  withServer({}, async (server, pool) => {
    const stop = new AbortController();
    const ended = run(pool, targetOf(server), "sleep 0.3; echo ended", { signal: stop.signal });
    setTimeout(() => stop.abort(), 100);
    assert.deepEqual(await ended, { code: 0, stdout: "ended\n", stderr: "" });
  }));

test("a connection that was lost while idle is replaced", () =>
  withServer({}, async (server, pool) => {
    await run(pool, targetOf(server), "true");
    server.cut();
    assert.equal((await run(pool, targetOf(server), "echo again")).stdout, "again\n");
  }));

test("a connection that is lost during a command is an error, and the command does not run again", () =>
  withServer({}, async (server, pool) => {
    let starts = 0;
    const onOutput = () => {
      starts++;
      server.cut();
    };
    await assert.rejects(
      run(pool, targetOf(server), "echo started; exec sleep 20", { onOutput }),
      /the connection to .* was lost while the command ran/,
    );
    assert.equal(starts, 1);
  }));

test("a command that a signal ends reports which one", () =>
  withServer({}, async (server, pool) => {
    assert.deepEqual(await run(pool, targetOf(server), "kill -KILL $$"), { signal: "KILL", stdout: "", stderr: "" });
  }));

test("a host behind a bastion is reached through it, and both keep one connection", () =>
  withServer({}, async (server, pool) => {
    const bastion = await startServer();
    try {
      const { proxy: _, ...proxy } = targetOf(bastion);
      const all = await Promise.all([1, 2, 3].map(() => run(pool, targetOf(server, { proxy }), "echo $SSH_X through")));
      assert.deepEqual(
        all.map((one) => one.stdout),
        ["through\n", "through\n", "through\n"],
      );
      assert.equal(bastion.connections(), 1);
      assert.equal(server.connections(), 1);
    } finally {
      await bastion.close();
    }
  }));

test("a host behind a chain of bastions is reached through all of them, each with its own login", () =>
  withServer({}, async (server, pool) => {
    const [first, second] = [await startServer(), await startServer()];
    try {
      const password = { privateKey: undefined, password: second.password };
      const proxy = targetOf(second, { ...password, proxy: targetOf(first) });
      const all = await Promise.all([1, 2, 3].map(() => run(pool, targetOf(server, { proxy }), "echo through")));
      assert.deepEqual(
        all.map((one) => one.stdout),
        ["through\n", "through\n", "through\n"],
      );
      assert.deepEqual([first.connections(), second.connections(), server.connections()], [1, 1, 1]);
      // The last one's key is verified, too: the one before could be anybody.
      const wrong = targetOf(second, { ...password, hostKey: first.hostKey, proxy: targetOf(first) });
      await assert.rejects(run(pool, targetOf(server, { proxy: wrong }), "true"), /refused: its host key is/);
    } finally {
      await first.close();
      await second.close();
    }
  }));
