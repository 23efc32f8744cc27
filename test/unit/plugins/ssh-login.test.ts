import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { run, withServer } from "./ssh-samples.ts";
import { startServer, targetOf } from "./ssh-server.ts";

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

test("a password is tried once: what the server refused as a password does not answer its questions", () =>
  withServer({ passwordBy: ["password", "keyboard-interactive"] }, async (server, pool) => {
    const target = targetOf(server, { privateKey: undefined, password: "wrong-secret" });
    await assert.rejects(
      run(pool, target, "true"),
      /refuses the login of user tester with a password; it takes publickey, password/,
    );
    assert.deepEqual(server.passwordTries(), ["password"]);
  }));

test("a password answers the question of a server that takes none as such", () =>
  withServer({ passwordBy: ["keyboard-interactive"] }, async (server, pool) => {
    const target = targetOf(server, { privateKey: undefined, password: server.password });
    assert.equal((await run(pool, target, "echo in")).stdout, "in\n");
    await assert.rejects(run(pool, { ...target, password: "wrong-secret" }, "true"), /refuses the login/);
    assert.deepEqual(server.passwordTries(), ["keyboard-interactive", "keyboard-interactive"]);
  }));

test("a server that wants a key and a password gets both", () =>
  withServer({ twoFactors: true }, async (server, pool) => {
    assert.equal((await run(pool, targetOf(server, { password: server.password }), "echo in")).stdout, "in\n");
    await assert.rejects(run(pool, targetOf(server, { password: "wrong-secret" }), "true"), /refuses the login/);
    assert.deepEqual(server.passwordTries(), ["password", "password"]);
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
