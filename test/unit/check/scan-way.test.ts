import assert from "node:assert/strict";
import { test } from "node:test";
import { type Place, scan, scannedLines, wantedPlaces } from "../../../check/host-keys.ts";
import type { LoginSecrets } from "../../../config/host-logins.ts";
import { SshPool } from "../../../plugins/ssh-pool.ts";
import { clusterFrom, metal } from "../../harness/samples.ts";
import { freePort, startServer, type TestServerOptions } from "../plugins/ssh-server.ts";

delete process.env.SSH_AUTH_SOCK;

/** What a scan says of hosts w1 and w2 behind bastion rome behind bastion outer. `ports`: of those hosts. */
async function said(
  { rome, secrets }: { rome?: TestServerOptions; secrets?: (logins: Record<string, Record<string, string>>) => LoginSecrets },
  ports: readonly number[] = [22, 22],
): Promise<string[]> {
  const [outer, inner] = await Promise.all([startServer(), startServer(rome)]);
  const pool = new SshPool();
  try {
    const config = metal();
    const bastion = (port: number, hostKey: string) => ({ host: "127.0.0.1", port, hostKey, user: "tester" });
    config.ssh = {
      bastions: { outer: bastion(outer.port, outer.hostKey), rome: { ...bastion(inner.port, inner.hostKey), through: "outer" } },
    };
    for (const [index, name] of ["w1", "w2"].entries())
      Object.assign(config.hosts[name], { sshBastion: "rome", sshAddress: "127.0.0.1", sshPort: ports[index] });
    const places = wantedPlaces(clusterFrom(config), ["w1", "w2"]).hosts as Place[];
    const logins = { outer: { privateKey: outer.userKey }, rome: { password: inner.password } };
    const all = secrets?.(logins) ?? { sshLogins: logins };
    return scannedLines(await Promise.all(places.map((place) => scan(place, all, pool))), false);
  } finally {
    await pool.close();
    await Promise.all([outer.close(), inner.close()]);
  }
}

test("a bastion that lets nothing through is named once, with the setting to change and the hosts behind it", async () => {
  const lines = await said({ rome: { forwards: false } });
  assert.equal(lines.length, 1, lines.join("\n"));
  assert.match(
    lines[0] as string,
    /^bastion rome: ERROR: bastion tester@127\.0\.0\.1:\d+ lets no connection through .*\n {4}no key is read behind it: w1, w2\n {4}cure: allow it .*AllowTcpForwarding local/,
  );
});

test("a passphrase that is wrong is said once, with the secret that has it", async () => {
  const key = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
  const own = await said({ secrets: (logins) => ({ sshLogins: { ...logins, rome: { privateKey: key, passphrase: "wrong" } } }) });
  assert.equal(own.length, 1, own.join("\n"));
  assert.match(own[0] as string, /^bastion rome: ERROR: privateKey of .*\n.*w1, w2\n.*--path 'sshLogins\["rome"\]\.p/);
  assert.doesNotMatch(own[0] as string, /wrong|AAAA/);
  const common = await said({
    secrets: ({ outer }) => ({ sshPrivateKey: key, sshKeyPassphrase: "wrong", sshLogins: { outer: outer ?? {} } }),
  });
  assert.match(common[0] as string, /config -- set --secret ssh(KeyPassphrase|PrivateKey) /);
});

test("a bastion that refuses the login is named with its user and its secret", async () => {
  const [line = ""] = await said({ secrets: (logins) => ({ sshLogins: { ...logins, rome: { password: "wrong" } } }) });
  assert.match(
    line,
    /^bastion rome: ERROR: tester@.* refuses the login .*\n.*w1, w2\n.*ssh\.bastions\.rome\.user .*'sshLogins\["rome"\]\.password'/,
  );
});

test("a host that a good bastion does not reach is its own fault", async () => {
  const lines = await said({}, [await freePort(), await freePort()]);
  assert.equal(lines.length, 2);
  for (const line of lines)
    assert.match(line, /^w\d \(.* through outer, rome\): ERROR: no key: bastion tester@.* does not reach 127\.0\.0\.1:\d+/);
});
