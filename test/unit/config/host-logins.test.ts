import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { loginAt } from "../../../config/host-logins.ts";
import { checkStack } from "../../../config/load.ts";
import { problemText } from "../../../config/problems.ts";
import type { Runner } from "../../../config/runner.ts";
import { known, metal, newPrivateKey, type Written } from "../../harness/samples.ts";
import { scratch } from "../../harness/scratch.ts";

const key = newPrivateKey();
let locked = "";
before(() => {
  const file = join(scratch(), "locked");
  spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "a phrase", "-f", file]);
  locked = readFileSync(file, "utf8");
});

/** Every problem and warning of a stack with these secrets, each in one line. */
function words(secrets: Record<string, string | object>, edit: (config: Written) => void = () => {}, runner?: Runner): string[] {
  const config = metal();
  edit(config);
  const values: Record<string, string> = { "ha-kubernetes:cluster": JSON.stringify(config) };
  for (const [name, value] of Object.entries(secrets))
    values[`ha-kubernetes:${name}`] = typeof value === "string" ? value : JSON.stringify(value);
  const secretKeys = Object.keys(secrets).map((name) => `ha-kubernetes:${name}`);
  const checked = checkStack({ values, secretKeys, runner }, known);
  return (checked.ok ? checked.warnings : checked.problems).map((it) => problemText(it).replace(/\n */g, " | "));
}
const ops = (config: Written) => {
  config.ssh = { user: "EXAMPLE\\ops" };
};

test("each kind of login is taken, for all hosts and for one", () => {
  assert.deepEqual(words({ sshPrivateKey: key }), []);
  assert.deepEqual(words({ sshPrivateKey: locked, sshKeyPassphrase: "a phrase" }), []);
  assert.deepEqual(words({ sshPassword: "x", sudoPassword: "y" }, ops), []);
  const own = { m1: { privateKey: locked, passphrase: "a phrase" }, w1: { password: "z", sudoPassword: "z" } };
  assert.deepEqual(words({ sshPrivateKey: key, sshLogins: own }, ops), []);
  const yaml = "w1:\n  password: z\n";
  assert.deepEqual(words({ sshPrivateKey: key, sshLogins: yaml }), []);
});

test("an agent takes the place of secrets, where there is one", () => {
  const agent = (config: Written) => {
    config.ssh = { agent: true };
  };
  const runner = { userId: 0, hasAgent: true, servesOwnProviders: true };
  assert.deepEqual(words({}, agent, runner), []);
  assert.match(
    words({}, agent, { ...runner, hasAgent: false }).join(),
    /cluster\.ssh\.agent is true, and SSH_AUTH_SOCK names no/,
  );
});

test("a host or bastion that nothing logs in to is named", () => {
  const gate = (config: Written) => {
    config.ssh = { bastion: { host: "gate.example.com", hostKey: config.hosts.m1.hostKey } };
  };
  const all = Object.fromEntries(["m1", "m2", "m3", "w1"].map((name) => [name, { password: "x" }]));
  assert.match(words({ sshLogins: all }, gate).join(), /the private key to log in to bastion, w2 with/);
});

test("a passphrase that is missing, wrong or for nothing is said", () => {
  const said = (secrets: Record<string, string>) => words(secrets).join();
  assert.match(
    said({ sshPrivateKey: locked }),
    /with a passphrase, which nobody could type \(not shown\).* config set --secret sshKeyPassphrase; or /,
  );
  assert.match(said({ sshPrivateKey: locked, sshKeyPassphrase: "other" }), /that the passphrase does not open \(not shown\)/);
  assert.match(
    said({ sshPrivateKey: key, sshKeyPassphrase: "a phrase" }),
    /without a passphrase, and one is given .*config rm sshKeyPassphrase/,
  );
  assert.match(
    said({ sshPassword: "x", sshKeyPassphrase: "a phrase" }),
    /sshKeyPassphrase is not used | allowed: nothing without sshPrivateKey/,
  );
});

test("mistakes in sshLogins are named, and nothing of a secret is shown", () => {
  for (const [logins, found] of [
    ["hunter2", "sshLogins is not a mapping (not shown)"],
    ["{a: [hunter2", "sshLogins is neither YAML nor JSON (not shown)"],
    [{ hunter2: "x" }, "sshLogins has a name that is neither a host's nor a bastion's (not shown)"],
    [
      { m11: { password: "hunter2" } },
      "sshLogins has a name that is neither a host's nor a bastion's (not shown; did you mean m1?)",
    ],
    [{ m1: "hunter2" }, "sshLogins.m1 is not a mapping (not shown)"],
    [{ m1: { hunter2: "x" } }, "sshLogins.m1 has a field of another name (not shown)"],
    [{ m1: { pasword: "hunter2" } }, "sshLogins.m1 has a field of another name (not shown; did you mean password?)"],
    [{ m1: { password: 12345 } }, "sshLogins.m1.password is not a text (not shown)"],
    [{ m1: { password: "" } }, "sshLogins.m1.password is empty"],
    [{ m1: { password: "hunter2\nx" } }, "sshLogins.m1.password has a line's end or another control character (not shown)"],
    [{ m1: { privateKey: "hunter2" } }, "sshLogins.m1.privateKey is not a private key, perhaps its file's name (not shown)"],
    [{ m1: { passphrase: "hunter2" } }, "sshLogins.m1.passphrase is not used"],
    [{ m1: { sudoPassword: "hunter2" } }, "sshLogins.m1.sudoPassword is not used"],
  ] as const) {
    const [text = "", ...more] = words({ sshPrivateKey: key, sshLogins: logins });
    assert.ok(text.startsWith(`ha-kubernetes:${found} | allowed: `), text);
    assert.doesNotMatch(text, /hunter2|12345/);
    assert.deepEqual(more, []);
  }
  assert.match(words({ sshPrivateKey: key, sudoPassword: "a\nb" }, ops).join(), /sudoPassword has a line's end/);
  assert.match(
    words({ sshPrivateKey: key, sudoPassword: "x" }).join(),
    /sudoPassword is not used \| allowed: nothing where commands run as root/,
  );
});

test("what the runner can't do is said before anything runs", () => {
  const runner = { userId: 0, hasAgent: false, servesOwnProviders: true };
  const chain = (config: Written) => {
    const { hostKey } = config.hosts.m1;
    config.ssh = {
      bastion: { host: "a.example.com", hostKey, through: "b" },
      bastions: { b: { host: "b.example.com", hostKey } },
    };
  };
  assert.deepEqual(words({ sshPrivateKey: key }, chain, runner), []);
  assert.match(
    words({ sshPrivateKey: key }, chain, { ...runner, servesOwnProviders: false }).join(),
    /cluster\.ssh\.bastion\.through is a chain of bastions, .* HA_KUBERNETES_PROVIDERS=builtin npm run up/,
  );
  const here = (sudo: boolean) => (config: Written) => {
    Object.assign(config.hosts.m1, { connection: "local", sudo });
    delete config.hosts.m1.hostKey;
  };
  assert.deepEqual(words({ sshPrivateKey: key }, here(false), runner), []);
  assert.deepEqual(words({ sshPrivateKey: key }, here(true), { ...runner, userId: 1000 }), []);
  assert.match(
    words({ sshPrivateKey: key }, here(false), { ...runner, userId: 1000 }).join(),
    /cluster\.hosts\.m1\.sudo is false, and/,
  );
});

test("a host's own key or password stands in for the stack's; the password of sudo is a matter of its own", () => {
  const all = { sshPrivateKey: "K", sshKeyPassphrase: "P", sshPassword: "W", sudoPassword: "S" };
  const at = (own: object) => loginAt("m1", { ...all, sshLogins: { m1: own } });
  assert.deepEqual(at({}), { privateKey: "K", passphrase: "P", password: "W", sudoPassword: "S" });
  assert.deepEqual(at({ password: "w" }), { password: "w", sudoPassword: "S" });
  assert.deepEqual(at({ privateKey: "k", sudoPassword: "s" }), { privateKey: "k", sudoPassword: "s" });
  assert.deepEqual(at({ sudoPassword: "s" }), { privateKey: "K", passphrase: "P", password: "W", sudoPassword: "s" });
});
