import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { lookAt, unusableText } from "../../../../providers/baremetal/first-look.ts";
import { clusterFrom, metal } from "../../../harness/samples.ts";
import { scratch } from "../../../harness/scratch.ts";
import { freePort, startServer } from "../../plugins/ssh-server.ts";

delete process.env.SSH_AUTH_SOCK;
// The test's server knows a user who is not root, and this machine may have no sudo.
const folder = scratch();
writeFileSync(join(folder, "sudo"), "#!/bin/sh\necho 'sudo: a password is required' >&2; exit 1\n", { mode: 0o755 });

test("hosts that can't be used are named at once, each with its reason; hosts with the same reason are one line", async () => {
  const path = process.env.PATH;
  process.env.PATH = `${folder}:${path}`;
  const server = await startServer();
  const other = await startServer();
  try {
    const config = metal();
    config.ssh = { user: "tester" };
    for (const [name, port] of [
      ["m1", server.port],
      ["m2", await freePort()],
      ["m3", server.port],
      ["w1", other.port],
    ] as const)
      Object.assign(config.hosts[name], { sshAddress: "127.0.0.1", sshPort: port, hostKey: server.hostKey });
    config.hosts.m3.sshUser = "stranger";
    // m1 and m3 are one server here, which the rules would refuse.
    const cluster = clusterFrom(metal());
    Object.assign(cluster, { ssh: { ...cluster.ssh, user: "tester" } });
    for (const name of ["m1", "m2", "m3", "w1"]) Object.assign(cluster.hosts[name] as object, config.hosts[name]);
    const secrets = { sshPrivateKey: server.userKey, sshPassword: server.password };
    const text = unusableText(await lookAt(cluster, ["m1", "m2", "m3", "w1"], secrets), 5);
    const lines = text.split("\n");
    assert.equal(lines[0], "4 of 5 new hosts can't be used, and nothing was touched:");
    assert.equal(lines[1], "  - m1: sudo: a password is required");
    assert.match(lines[2] ?? "", /^ {2}- m2: cannot reach tester@127\.0\.0\.1:\d+: .*ECONNREFUSED/);
    assert.match(lines[3] ?? "", /^ {2}- m3: stranger@\S+ refuses the login of user stranger with key/);
    assert.match(lines[4] ?? "", /^ {2}- w1: tester@\S+ refused: its host key is SHA256:/);
    assert.equal(lines.filter((line) => line.startsWith("    cure: ")).length, 4);
    assert.doesNotMatch(text, /let-me-in|PRIVATE KEY/);
  } finally {
    process.env.PATH = path;
    await server.close();
    await other.close();
  }
});
