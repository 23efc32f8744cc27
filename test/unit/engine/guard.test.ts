import assert from "node:assert/strict";
import { test } from "node:test";
import { guardConfigSet, positionals } from "../../../engine/guard.ts";

const key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n-----END OPENSSH PRIVATE KEY-----\n";
const refuses = (args: string[], value: string, why: RegExp) =>
  assert.throws(() => guardConfigSet(["config", "set", ...args], value, true), why);

test("a private key or a password without --secret is refused, whatever the order of the arguments", () => {
  refuses(["sshPrivateKey"], key, /private key: nothing was written\. Add --secret/);
  refuses(["--stack", "prod", "note"], key, /private key/);
  refuses(["sshPassword"], "hunter2", /sshPassword is a secret: nothing was written\. Add --secret/);
  refuses(["ha-kubernetes:sshPassword"], "hunter2", /is a secret/);
  guardConfigSet(["config", "set", "--secret", "sshPrivateKey", "-s", "prod"], key, true);
});

test("a key that the program does not read is refused with the one that was meant; other namespaces and paths are the CLI's", () => {
  refuses(["--secret", "sshPrivateKye"], key, /sshPrivateKye is not a config key; did you mean sshPrivateKey\?/);
  guardConfigSet(["config", "set", "aws:region", "eu-central-1"], "eu-central-1", true);
  guardConfigSet(["config", "set", "--path", "cluster.name", "x"], "x", true);
  guardConfigSet(["config", "set", "anything", "x"], "x", false);
});

test("the key and the value of config set are told from its flags", () => {
  assert.deepEqual(positionals(["config", "set", "-s", "prod", "--secret", "k", "v"]), ["k", "v"]);
  assert.deepEqual(positionals(["config", "set", "k", "--stack", "prod"]), ["k"]);
});
