import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { lines } from "../../../check/observation.ts";
import { type Looked, observeAll } from "../../../check/observe.ts";
import type { SshTarget } from "../../../plugins/ssh-endpoint.ts";
import { scratch } from "../../harness/scratch.ts";
import { freePort, startServer } from "../plugins/ssh-server.ts";
import { wantedHost } from "./healthy.ts";

// The whole way to a host and back, over a real SSH connection to this machine.

// The test's server knows a user who is not root, and this machine may have no sudo: this one takes the option away.
const folder = scratch();
const path = process.env.PATH;
before(() => {
  writeFileSync(join(folder, "sudo"), '#!/bin/sh\n[ "$1" = -n ] && shift && exec "$@"\n', { mode: 0o755 });
  process.env.PATH = `${folder}:${path}`;
});
after(() => {
  process.env.PATH = path;
});

const patience = { dialErrorLimit: 0, perDialTimeout: 5 };
const host = (name: string, target: SshTarget) => ({
  ...wantedHost("w1"),
  name,
  stages: [],
  settings: {},
  files: [],
  inputs: {},
  becoming: "sudo" as const,
  target,
});

const said = (looked?: Looked) => (looked && "error" in looked ? looked.error : "it was looked at");

test("each host is looked at by one connection, and one that can't be reached or is another stops no other", async () => {
  const server = await startServer();
  const { port, hostKey, userKey: privateKey } = server;
  try {
    const at = { host: "127.0.0.1", user: "tester", privateKey, ...patience };
    const other = await startServer();
    const looked = await observeAll([
      host("well", { ...at, port, hostKey }),
      host("gone", { ...at, port: await freePort(), hostKey }),
      host("another", { ...at, port: other.port, hostKey }),
    ]);
    await other.close();
    const [well, gone, another] = looked;
    assert.ok(well && "seen" in well, said(well));
    assert.ok(
      Math.abs(well.seen.clockOffset) <= well.seen.clockError + 0.1,
      `${well.seen.clockOffset} ± ${well.seen.clockError}`,
    );
    assert.ok(lines(well.seen, "ports").some((line) => line.includes(`127.0.0.1:${port} `)));
    assert.ok(lines(well.seen, "disks").length > 0);
    assert.equal(server.connections(), 1);
    assert.ok(gone && "error" in gone && /cannot reach tester@127\.0\.0\.1/.test(gone.error), said(gone));
    assert.ok(another && "error" in another && /host key is SHA256/.test(another.error), said(another));
  } finally {
    await server.close();
  }
});

test("this machine is looked at without a connection", async () => {
  const [looked] = await observeAll([{ ...host("here", { host: "", port: 0, user: "", ...patience }), target: undefined }]);
  assert.ok(looked && "seen" in looked, said(looked));
  assert.ok(lines(looked.seen, "disks").length > 0);
});
