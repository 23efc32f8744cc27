// hosts behind a chain of bastions: logins by password, by a key with a passphrase, as a user of Active Directory whose sudo asks

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { type OpensshKey, opensshKey } from "../../keys/openssh.ts";
import { FreshHosts } from "../harness/fresh.ts";
import { LabHost } from "../harness/lab.ts";
import { makeMetal, onMetal } from "../harness/metal.ts";
import { must, type Result, run } from "../harness/process.ts";
import { addressIn, hostAt, hostKeyOf } from "../harness/samples.ts";
import { assertNothingRuns, onCluster, ProcessWatcher, type Scenario } from "../harness/scenario.ts";
import { scratch } from "../harness/scratch.ts";

const root = new URL("../../", import.meta.url).pathname;
const config = await onMetal("test-hosts-ssh");
const { m1, w1 } = config.hosts;
assert.ok(m1 && w1);
config.hosts = { m1, w1 };
config.etcd = { throwAway: true };
/** This machine reaches the gate alone, which reaches w1 and the inner bastion; that one alone reaches m1. */
const gate = new LabHost(config.name, "gate", addressIn(config, 40));
const inner = new LabHost(config.name, "inner", addressIn(config, 41));
config.ssh = {
  user: "ops",
  bastion: { host: gate.address, user: "jump", port: 2222 },
  bastions: { inner: { host: inner.address, user: "hop@example.com", through: "bastion" } },
};
Object.assign(m1, { sshUser: "EXAMPLE\\ops", sshBastion: "inner" });

const words = {
  passphrase: "passphrase of 4711",
  inner: `inner 4711 'word"`,
  login: "login-word-4711 $HOME",
  sudo: "sudo-word-4711",
  later: "later-word-4711",
};
words.sudo = words.login; // sudo asks for the user's own password
const fresh = new FreshHosts();
const watcher = new ProcessWatcher();

/** Users and sshd of a host. `from`: who may log in there. */
async function setUp(host: LabHost, from: string, script: string): Promise<void> {
  const { status, stderr } = await host.trySh(
    `${script}
    cat >/etc/ssh/sshd_config.d/a.conf <<END
PasswordAuthentication yes
${from === "" ? "Port 2222" : `AllowUsers *@${from}`}
END
    systemctl restart ssh`,
    "",
  );
  assert.equal(status, 0, `${host.name}: ${stderr}`);
}

/** Sets a user's password, which is in no process's arguments. */
async function setPassword(host: LabHost, user: string, password: string): Promise<void> {
  const { status, stderr } = await host.trySh("chpasswd", `${user}:${password}\n`);
  assert.equal(status, 0, stderr);
}

const newUser = (name: string) => `useradd --badname -m -s /bin/bash '${name}'`;

async function prepareHosts(scenario: Scenario): Promise<void> {
  const { stack, cluster } = scenario;
  const folder = scratch();
  await makeMetal(scenario, { gate: hostAt(config, 40), inner: hostAt(config, 41) });
  await must("ssh-keygen", ["-q", "-t", "ed25519", "-N", words.passphrase, "-f", join(folder, "locked")]);
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  const jump = opensshKey(generateKeyPairSync("ed25519").privateKey) as OpensshKey;
  await setUp(gate, "", `${newUser("jump")}; echo '${jump.publicKey}' >/etc/ssh/authorized_keys`);
  await setUp(inner, gate.address, `${newUser("hop@example.com")}; : >/etc/ssh/authorized_keys`);
  await setUp(cluster.host("w1"), gate.address, `echo '${read("locked.pub")}' >/etc/ssh/authorized_keys`);
  await setUp(
    cluster.host("m1"),
    inner.address,
    `${newUser("EXAMPLE\\ops")}; : >/etc/ssh/authorized_keys
    printf '%s\\n' 'EXAMPLE\\\\ops ALL=(ALL:ALL) ALL' >/etc/sudoers.d/ops-of-example`,
  );
  await setPassword(inner, "hop@example.com", words.inner);
  await setPassword(cluster.host("m1"), "EXAMPLE\\ops", words.login);
  await fresh.remember(cluster.hosts.values());
  for (const host of Object.values(config.hosts)) delete host.hostKey;
  stack.configure(config);
  await stack.secret("sshPrivateKey", read("locked"));
  await stack.secret("sshKeyPassphrase", words.passphrase);
  await login(scenario, "bastion", "privateKey", jump.privateKey);
  await login(scenario, "inner", "password", words.inner);
  await login(scenario, "m1", "password", words.login);
  await login(scenario, "m1", "sudoPassword", words.sudo);
}

async function login({ stack }: Scenario, name: string, field: string, value: string): Promise<void> {
  const { status, text } = await stack.engine("config", ["set", "--secret", "--path", `sshLogins["${name}"].${field}`], {
    input: value,
  });
  assert.equal(status, 0, text);
}

/** Runs a program of the project on the stack. */
const program = ({ stack }: Scenario, file: string, ...args: string[]): Promise<Result> =>
  run(process.execPath, ["engine/launch.mjs", "run", file, ...args, "--stack", stack.name], {
    cwd: root,
    env: { PULUMI_CONFIG_PASSPHRASE: stack.passphrase },
  });
const scan = (scenario: Scenario, ...args: string[]) => program(scenario, "check/scan-hosts.ts", ...args);

/** The keys that the file has now. */
function scanned({ stack }: Scenario): void {
  const cluster = parse(readFileSync(stack.configFile, "utf8")).config["ha-kubernetes:cluster"];
  config.ssh = cluster.ssh;
  for (const [name, host] of Object.entries(config.hosts)) host.hostKey = cluster.hosts[name].hostKey;
}

const secrets = Object.values(words);
const holdsSecret = (text: string) => secrets.filter((word) => text.includes(word));

onCluster(
  config,
  (scenario) => {
    const { stack, cluster } = scenario;
    const hosts = [...cluster.hosts.values()];

    test("hosts:scan reads the keys through the bastions, writes them once, and refuses another one", async () => {
      const first = await scan(scenario, "--yes");
      assert.equal(first.status, 0, first.text);
      assert.match(first.text, /^m1 \(\S+:22 through bastion, inner\): ssh-ed25519 SHA256:\S+$/m);
      assert.match(first.text, /wrote bastion to .*wrote inner to .*wrote m1, w1 to /s);
      const text = readFileSync(stack.configFile, "utf8");
      const again = await scan(scenario);
      assert.equal(again.status, 0, again.text);
      assert.equal(again.text.match(/, as in the file$/gm)?.length, 4);
      assert.equal(readFileSync(stack.configFile, "utf8"), text);
      scanned(scenario);
      const hostKey = config.hosts.w1?.hostKey;
      Object.assign(config.hosts.w1 as object, { hostKey: hostKeyOf("another") });
      stack.configure(config);
      const other = await scan(scenario, "--yes", "w1");
      assert.equal(other.status, 1, other.text);
      assert.match(other.text, /^w1 .*ANOTHER KEY: the file has ssh-ed25519 SHA256:/m);
      assert.equal((await scan(scenario, "--yes", "--replace", "w1")).status, 0);
      scanned(scenario);
      assert.equal(config.hosts.w1?.hostKey, hostKey);
    });

    test("up names all hosts that can't be used at once, with cause and cure, and touches none", async () => {
      await login(scenario, "m1", "sudoPassword", "not-the-word");
      await cluster.host("w1").sh("systemctl stop ssh");
      const { status, text } = await stack.engine("up");
      assert.notEqual(status, 0, text);
      assert.match(text, /2 of 2 new hosts can't be used, and nothing was touched/);
      assert.match(text, /- m1: sudo refuses the password of user EXAMPLE\\ops: store the right one as sudoPassword/);
      assert.match(text, /- w1: cannot reach ops@\S+ through jump@\S+: .*\n(.*\n)*.*Start the host, and compare its address/);
      await cluster.host("w1").sh("systemctl start ssh");
      await fresh.assertClean(...hosts);
      await login(scenario, "m1", "sudoPassword", words.sudo);
    });

    test("both hosts make a cluster; no secret is in the arguments of a process, in a message, or in clear in the state", async () => {
      watcher.start();
      const { text } = await stack.up();
      watcher.stop();
      await cluster.settled();
      assert.deepEqual(holdsSecret(text), []);
      assert.deepEqual(
        [...watcher.seen].filter((line) => holdsSecret(line).length > 0),
        [],
      );
      assert.deepEqual(holdsSecret(readFileSync(stack.stateFile, "utf8")), []);
      assert.deepEqual(holdsSecret(readFileSync(stack.configFile, "utf8")), []);
      await assertNothingRuns(scenario);
    });

    test("check looks at the hosts by the same way", async () => {
      const { status, text } = await program(scenario, "check/check-stack.ts", "check");
      assert.notEqual(status, 2, text);
      assert.doesNotMatch(text, /can't be looked at|could not be looked at/);
      assert.deepEqual(holdsSecret(text), []);
    });

    test("an edit reaches both hosts", async () => {
      config.pools = { general: { labels: { "example.com/changed": "yes" } } };
      config.kubelet = { maxPods: 99 };
      stack.configure(config);
      await stack.up();
      const nodes = await cluster.list("nodes");
      assert.deepEqual(
        nodes.map(({ status }) => status.capacity.pods),
        ["99", "99"],
      );
    });

    test("a user's changed password: destroy says what to do, and that works; the hosts are as before", async () => {
      const host = cluster.host("m1");
      await host.sh("getent shadow 'EXAMPLE\\ops' | cut -d: -f1,2 >/run/password-of-before");
      await setPassword(host, "EXAMPLE\\ops", words.later);
      await login(scenario, "m1", "password", words.later);
      await login(scenario, "m1", "sudoPassword", words.later);
      const refused = await stack.engine("destroy");
      assert.notEqual(refused.status, 0, refused.text);
      assert.match(refused.text, /A delete logs in as the last update of "[\w-]+" did/);
      assert.match(refused.text, /put the new one in the config, run up, then destroy/);
      await stack.up();
      await stack.destroy();
      // The change of the password was the user's own.
      await host.sh("chpasswd -e </run/password-of-before");
      await fresh.assertClean(...hosts);
    });
  },
  { up: false, prepare: prepareHosts },
);
