import assert from "node:assert/strict";
import { test } from "node:test";
import { guardConfigSet, guardNames } from "../../../engine/guard.ts";
import { newPrivateKey } from "../../harness/samples.ts";

const key = newPrivateKey();
const guard = (args: string[], input?: string) => guardConfigSet(["config", ...args], input, true);
const refuses = (args: string[], why: RegExp, input?: string) => assert.throws(() => guard(args, input), why);

test("a private key or a password without --secret is refused, in every form", () => {
  refuses(["set", "sshPrivateKey"], /private key\. Nothing was written\. Add --secret/, key);
  refuses(["set", "--type", "string", "note", "--", key], /private key/);
  refuses(["set", "sshPassword", "hunter2"], /sshPassword is a secret\. Nothing was written\. Add --secret/);
  refuses(["--json", "set", "ha-kubernetes:sshPassword", "hunter2"], /is a secret/);
  refuses(["set", "--path", "sshPassword", "hunter2"], /is a secret/);
  refuses(["set-all", "--plaintext", `sshPrivateKey=${key}`], /private key/);
  refuses(["set-all", "--plaintext=sshPassword=x"], /is a secret/);
  for (const flags of [["--plaintext"], ["--path", "--plaintext"], ["--plaintext=true"], ["--secret", "--secret=false"]]) {
    refuses(
      ["set", ...flags, "proxyLogin", "ops:hunter2"],
      /^Error: proxyLogin is a secret\. Nothing was written\. Add --secret$/,
    );
    refuses(["set", ...flags, "registryLogins.x", "ops:hunter2"], /^Error: registryLogins is a secret/);
    guard(["set", ...flags, "aws:region", "eu-central-1"]);
  }
  const json = (secret: boolean) => JSON.stringify({ "ha-kubernetes:proxyLogin": { value: "ops:hunter2", secret } });
  refuses(["set-all", "--json", json(false)], /proxyLogin is a secret/);
  guard(["set-all", "--json", json(true)]);
  guard(["set", "--secret=true", "sshPassword", "hunter2"]);
  guard(["set-all", "--secret", `sshPrivateKey=${key}`]);
  guard(["set", "--secret", "sshPrivateKey"], key);
});

test("a URL with a password is refused without --secret", () => {
  const url = "https://ops:hunter2@mirror.example.com";
  refuses(["set", "--path", "cluster.artifacts.location", url], /a URL with a password\. Nothing was written\. Remove user and/);
  refuses(["set", "cluster", JSON.stringify({ artifacts: { location: url } })], /a URL with a password/);
  refuses(["set-all", "--plaintext", `aws:proxy=${url}`], /a URL with a password\. Nothing was written\. Add --secret/);
  guard(["set", "--secret", "sshPassword", url]);
  guard(["set", "--path", "cluster.artifacts.location", "https://mirror.example.com:8443/k8s"]);
});

test("a secret that is empty or not a key does not replace a good one", () => {
  refuses(["set", "--secret", "sshPrivateKey"], /sshPrivateKey would be empty\. Nothing was written/, "\n");
  refuses(
    ["set", "--secret", "sshPrivateKey", "id_ed25519"],
    /is not a private key, perhaps its file's name\. Nothing was written\. Cure: config set --secret sshPrivateKey < /,
  );
  refuses(["set", "--secret", "backupSshPrivateKey"], /whose end is missing\. Nothing was written/, key.slice(0, -20));
});

test("a key that the program does not read is refused with the closest one; other namespaces and projects belong to the CLI", () => {
  refuses(["set", "--secret", "sshPrivateKye"], /sshPrivateKye is not a config key; did you mean sshPrivateKey\?/, key);
  refuses(["set-all", "--plaintext", "nokey=1"], /nokey is not a config key\. Nothing was written/);
  guard(["set", "aws:region", "eu-central-1"]);
  guard(["set", "--path", "cluster.name", "x"]);
  guardConfigSet(["config", "set", "anything", "x"], undefined, false);
});

test("a word in place of the cluster is refused, and so is a key beside it", () => {
  refuses(
    ["set", "cluster", "other"],
    /the place of the whole cluster\. Nothing was written\. Edit the stack's file, or .* --path cluster\.KEY/,
  );
  refuses(["set", "ha-kubernetes:cluster"], /the place of the whole cluster/, "provider: lab");
  refuses(
    ["set", "cluster.name", "x"],
    /cluster\.name would be stored as one key of that exact name\. Nothing was written\. Add --path/,
  );
  refuses(["set-all", "--plaintext", "cluster.name=x"], /Add --path/);
  guard(["set", "cluster", '{"name":"x"}']);
  guard(["set-all", "--path", "--plaintext", "cluster.name=x"]);
});

test("a login is stored below its registry alone", () => {
  const login = (path: string, ...flags: string[]) => ["set", "--secret", ...flags, path, "ops:hunter2"];
  refuses(login('registryLogins["r.example.com"]'), /stored as one key of that exact name\. Nothing was written\. Add --path/);
  for (const path of [
    "registryLogins.r.example.com",
    "registryLogins.localhost:5000",
    'registryLogins["r"].example',
    "registryLogins[0]",
  ])
    refuses(login(path, "--path"), /is not one registry: .* Use --path 'registryLogins\["registry\.example\.com"\]'/);
  refuses(login("registryLogins"), /the place of all logins\. Nothing was written\. Set one: --path 'registryLogins\[/);
  refuses(login("proxyLogin.x", "--path"), /proxyLogin is one text, without keys below it\. Nothing was written/);
  guard(login('registryLogins["r.example.com:5000"]', "--path"));
  guard(login("registryLogins.localhost", "--path"));
  guard(["set", "--secret", "registryLogins"], '{"r.example.com":"ops:hunter2"}');
});

test("names that YAML changes are refused before the CLI, which would write them back changed", () => {
  const file = (name: string) => `config:\n  ha-kubernetes:cluster:\n    hosts:\n      ${name}: {}\n`;
  assert.throws(
    () => guardNames("Pulumi.x.yaml", file("007")),
    /Pulumi\.x\.yaml can't be used, .*hosts\.007 is read by YAML as 7 \(line 4\)/s,
  );
  guardNames("Pulumi.x.yaml", file('"007"'));
  // A secret in clear must not keep the user from storing it again.
  guardNames("Pulumi.x.yaml", "config:\n  ha-kubernetes:registryLogins:\n    r.example.com: ops:hunter2\n");
});

test("a secret file is stored by its name alone", () => {
  guard(["set", "--secret", "--path", 'files["encryption.yaml"]'], "kind: EncryptionConfiguration");
  refuses(["set", "--secret", "files"], /take the place of all files\. Nothing was written\. Set one: --path 'files\[/, "x");
  refuses(["set", "--secret", "--path", "files.encryption.yaml"], /is not one file: a dot begins a key/, "x");
  refuses(["set", "--path", 'files["encryption.yaml"]'], /files is a secret/, "x");
});
