import assert from "node:assert/strict";
import { test } from "node:test";
import { SshPool } from "../../../plugins/ssh-pool.ts";
import { startServer, targetOf } from "./ssh-server.ts";

delete process.env.SSH_AUTH_SOCK;

test("a server without SFTP is found out before a file is brought to it", async () => {
  const pool = new SshPool();
  const [with_, without] = [await startServer(), await startServer({ sftp: false })];
  const wait = { signal: AbortSignal.timeout(20_000), log: () => undefined };
  try {
    await pool.proveFiles(targetOf(with_), wait);
    await assert.rejects(pool.proveFiles(targetOf(without), wait), /tester@127\.0\.0\.1:\d+ answers no SFTP, which brings files/);
  } finally {
    await pool.close();
    await with_.close();
    await without.close();
  }
});
