import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import type { SshTarget } from "../../../plugins/ssh-endpoint.ts";
import { type Execution, SshPool } from "../../../plugins/ssh-pool.ts";
import { freePort, startServer, type TestServer, type TestServerOptions, targetOf } from "./ssh-server.ts";

delete process.env.SSH_AUTH_SOCK;

async function withServer(options: TestServerOptions, body: (server: TestServer, pool: SshPool) => Promise<void>): Promise<void> {
  const server = await startServer(options);
  const pool = new SshPool();
  try {
    await body(server, pool);
  } finally {
    await pool.close();
    await server.close();
  }
}

async function run(pool: SshPool, target: SshTarget, command: string, more: Partial<Execution> = {}) {
  const output = { stdout: "", stderr: "" };
  const exit = await pool.run(target, {
    command,
    log: () => {},
    onOutput: (stream, chunk) => {
      output[stream] += chunk;
    },
    ...more,
  });
  return { ...exit, ...output };
}

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

test("another host key is refused at once, naming both", () =>
  withServer({}, async (server, pool) => {
    const other = await startServer();
    try {
      await assert.rejects(
        run(pool, targetOf(server, { hostKey: other.hostKey, dialErrorLimit: -1 }), "true"),
        /^Error: tester@127\.0\.0\.1:\d+ refused: its host key is SHA256:\S+, but hostKey says SHA256:\S+$/,
      );
    } finally {
      await other.close();
    }
  }));

test("a host key of another type is refused: the type is pinned", () =>
  withServer({ hostKeyType: "ecdsa" }, async (server, pool) => {
    const other = await startServer({ hostKeyType: "ed25519" });
    try {
      await assert.rejects(
        run(pool, targetOf(server, { hostKey: other.hostKey }), "true"),
        /no host key of the type that hostKey names/,
      );
    } finally {
      await other.close();
    }
  }));

test("an RSA host key is verified, without SHA-1", () =>
  withServer({ hostKeyType: "rsa" }, async (server, pool) => {
    assert.equal((await run(pool, targetOf(server), "echo yes")).stdout, "yes\n");
  }));

test("an invalid host key is an error that names the host and the format", () =>
  withServer({}, async (server, pool) => {
    await assert.rejects(
      run(pool, targetOf(server, { hostKey: "nonsense" }), "true"),
      /hostKey of tester@127\.0\.0\.1:\d+ is not one line/,
    );
  }));

test("a password logs in", () =>
  withServer({}, async (server, pool) => {
    const target = targetOf(server, { privateKey: undefined, password: server.password });
    assert.equal((await run(pool, target, "echo in")).stdout, "in\n");
  }));

test("if the key is refused, the password is used", () =>
  withServer({}, async (server, pool) => {
    const { privateKey } = generateKeyPairSync("ed25519", {
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
      publicKeyEncoding: { type: "spki", format: "pem" },
    });
    assert.equal((await run(pool, targetOf(server, { privateKey, password: server.password }), "echo in")).stdout, "in\n");
  }));

test("a refused login ends at the first try, names user and key, and is not tried again", () =>
  withServer({}, async (server, pool) => {
    const { privateKey } = generateKeyPairSync("ed25519", {
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
      publicKeyEncoding: { type: "spki", format: "pem" },
    });
    const target = targetOf(server, { privateKey, password: "wrong-secret", dialErrorLimit: -1 });
    const said: string[] = [];
    for (const _ of [1, 2]) {
      await assert.rejects(run(pool, target, "true", { log: (line) => said.push(line) }), (error: Error) => {
        const words =
          /^tester@127\.0\.0\.1:\d+ refuses the login of user tester with key SHA256:\S+ \(ssh-ed25519\) and a password; it takes publickey, password$/;
        assert.match(error.message, words);
        assert.doesNotMatch(error.message, /wrong-secret|PRIVATE KEY/);
        return true;
      });
    }
    assert.deepEqual(said, []);
    assert.equal(server.connections(), 1);
    // Another login is tried.
    assert.equal((await run(pool, targetOf(server), "echo in")).stdout, "in\n");
  }));

test("a bastion that refuses the login is named as such, at once", () =>
  withServer({}, async (server, pool) => {
    const { proxy: _, ...proxy } = targetOf(server, { user: "stranger" });
    await assert.rejects(
      run(pool, targetOf(server, { proxy, dialErrorLimit: -1 }), "true"),
      /^Error: stranger@\S+ refuses the login/,
    );
    assert.equal(server.connections(), 1);
  }));

test("a server that closes the connection once the user is known, as during boot, is tried again, and its message is shown", () =>
  withServer({ booting: 2 }, async (server, pool) => {
    const said: string[] = [];
    const log = (line: string) => said.push(line);
    assert.equal((await run(pool, targetOf(server, { dialErrorLimit: 5 }), "echo in", { log })).stdout, "in\n");
    assert.equal(said.length, 2);
    assert.match(said[0] ?? "", /the server closed the connection: System is booting up/);
  }));

test("a private key that can't be read is an error at once, without the key", () =>
  withServer({}, async (server, pool) => {
    const broken = "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n";
    await assert.rejects(run(pool, targetOf(server, { privateKey: broken, dialErrorLimit: -1 }), "true"), (error: Error) => {
      assert.match(error.message, /privateKey of tester@127\.0\.0\.1:\d+ cannot be used/);
      assert.doesNotMatch(error.message, /c2VjcmV0/);
      return true;
    });
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
