import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bastionPlaces,
  hostPlaces,
  type Place,
  scan,
  scannedLines,
  verdict,
  wantedPlaces,
  writeKeys,
} from "../../../check/host-keys.ts";
import { SshPool } from "../../../plugins/ssh-pool.ts";
import { clusterFrom, hostKeyOf, metal } from "../../harness/samples.ts";
import { freePort, startServer } from "../plugins/ssh-server.ts";

delete process.env.SSH_AUTH_SOCK;

/** A cluster whose hosts w1 and w2 are behind a chain of two bastions. */
function chained() {
  const config = metal();
  const hostKey = config.hosts.m1.hostKey;
  config.ssh = {
    bastion: { host: "127.0.0.1", hostKey, through: "outer", user: "tester" },
    bastions: { outer: { host: "127.0.0.1", hostKey, user: "tester" } },
  };
  for (const name of ["m1", "m2", "m3"]) config.hosts[name].sshBastion = "none";
  return clusterFrom(config);
}
const names = (places: readonly Place[]) => places.map(({ name, way }) => [name, ...way.map((it) => it.name)].join("<"));

test("bastions come before the hosts behind them; named hosts bring those on their way", () => {
  const cluster = chained();
  assert.deepEqual(names(bastionPlaces(cluster)), ["outer", "bastion<outer"]);
  assert.deepEqual(names(hostPlaces(cluster)), ["m1", "m2", "m3", "w1<outer<bastion", "w2<outer<bastion"]);
  const wanted = wantedPlaces(cluster, ["w2"]);
  assert.deepEqual([names(wanted.bastions), names(wanted.hosts)], [["outer", "bastion<outer"], ["w2<outer<bastion"]]);
  assert.deepEqual(names(wantedPlaces(cluster, ["m1"]).bastions), []);
  assert.throws(() => wantedPlaces(cluster, ["w22"]), /w22 is not a host or bastion that SSH reaches; did you mean w2\?/);
});

test("a key is read from a real server, directly and through two bastions; no login is needed at the last one", async () => {
  const [first, second, last] = await Promise.all([startServer(), startServer(), startServer({ hostKeyType: "ecdsa" })]);
  const pool = new SshPool();
  try {
    const cluster = chained();
    const { bastion, bastions } = cluster.ssh;
    Object.assign(bastions.outer as object, { port: first.port, hostKey: first.hostKey });
    Object.assign(bastion as object, { port: second.port, hostKey: second.hostKey });
    Object.assign(cluster.hosts.w1 as object, { sshAddress: "127.0.0.1", sshPort: last.port });
    const [w1] = wantedPlaces(cluster, ["w1"]).hosts as [Place];
    const logins = { bastion: { password: second.password }, outer: { privateKey: first.userKey } };
    const through = await scan(w1, { sshLogins: logins }, pool);
    assert.deepEqual("key" in through ? through.key : through.error, last.hostKey);
    const direct = await scan({ ...w1, way: [] }, {}, pool);
    assert.deepEqual("key" in direct && direct.key, last.hostKey);
    const gone = await scan({ ...w1, port: await freePort(), way: [] }, {}, pool);
    assert.match("error" in gone ? gone.error : "", /ECONNREFUSED/);
    delete (bastion as { hostKey?: string }).hostKey;
    const open = await scan(w1, { sshLogins: logins }, pool);
    assert.match(
      scannedLines([open], false).join(),
      /^bastion bastion: ERROR: has no hostKey yet\n.* w1\n.*hosts:scan -- bastion$/,
    );
  } finally {
    await pool.close();
    await Promise.all([first, second, last].map((server) => server.close()));
  }
});

test("a key is new, the same or different, whatever words stand beside it", () => {
  const [place] = hostPlaces(chained()) as [Place];
  const key = place.known as string;
  assert.equal(verdict({ place: { ...place, known: undefined }, key }), "new");
  assert.equal(verdict({ place: { ...place, known: `10.0.0.11 ${key} root@m1` }, key }), "same");
  assert.equal(verdict({ place, key: hostKeyOf("another") }), "different");
});

const added = (name: string) => ({
  place: { name, path: ["hosts", name], host: "x", port: 22, way: [] },
  key: `ssh-ed25519 ${name}`,
});

test("keys are written where they belong; every other character of the file stays", () => {
  const text = [
    "# mine",
    "config:",
    "  ha-kubernetes:cluster:",
    "    hosts:",
    "      # the first",
    "      m1: {address: 10.0.0.11,   roles: [ etcd] } # by the door",
    "      w1:",
    "        hostKey:   'ssh-ed25519 old' # of last year",
    "        address: 10.0.0.21",
    "      # the last",
    "      w2:",
    '        address: "10.0.0.22" # upstairs',
    "        roles:",
    "          - worker",
    "",
    "      w3:",
    "        roles:",
    "          - worker",
    "  other: 007",
  ].join("\n");
  assert.equal(
    writeKeys(text, ["m1", "w1", "w2", "w3"].map(added)),
    text
      .replace("[ etcd] }", "[ etcd], hostKey: ssh-ed25519 m1 }")
      .replace("'ssh-ed25519 old'", "ssh-ed25519 w1")
      .replace("# upstairs", "# upstairs\n        hostKey: ssh-ed25519 w2")
      .replace("w3:\n", "w3:\n        hostKey: ssh-ed25519 w3\n"),
  );
});

test("a mapping that several hosts share gets no key", () => {
  const text = "config:\n  ha-kubernetes:cluster:\n    hosts:\n      m1: &x { roles: [etcd] }\n      m2: *x\n";
  for (const name of ["m1", "m2"])
    assert.throws(
      () => writeKeys(text, [added(name)]),
      /hosts\.m. is not a mapping of its own in the file: write its hostKey by/,
    );
});
