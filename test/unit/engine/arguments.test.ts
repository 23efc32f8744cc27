import assert from "node:assert/strict";
import { test } from "node:test";
import { commandLine } from "../../../engine/arguments.ts";

test("a verb becomes the CLI's command; the stack has a default, every flag goes through", () => {
  const args = (...argv: string[]) => commandLine(argv).args;
  assert.deepEqual(args("up"), ["up", "--stack", "dev"]);
  assert.deepEqual(args("up", "-s", "prod", "--diff", "--target", "urn:x"), ["up", "-s", "prod", "--diff", "--target", "urn:x"]);
  assert.deepEqual(args("preview", "--stack=prod", "--json"), ["preview", "--stack=prod", "--json"]);
  assert.deepEqual(args("output", "kubeconfig", "--show-secrets"), [
    "stack",
    "output",
    "kubeconfig",
    "--show-secrets",
    "--stack",
    "dev",
  ]);
  assert.deepEqual(args("config", "set", "--secret", "k", "v", "-s", "p"), ["config", "set", "--secret", "k", "v", "-s", "p"]);
  assert.deepEqual(args("cancel", "--stack", "prod"), ["cancel", "--yes", "prod"]);
  assert.deepEqual(args("pulumi", "stack", "ls"), ["stack", "ls"]);
});

test("which stack it is about, and whether the program may run", () => {
  const about = (...argv: string[]) => {
    const { stack, runsProgram } = commandLine(argv);
    return [stack, runsProgram];
  };
  assert.deepEqual(about("up"), ["dev", true]);
  assert.deepEqual(about("destroy", "--stack", "prod"), ["prod", true]);
  assert.deepEqual(about("refresh", "-s", "prod"), ["prod", true]);
  assert.deepEqual(about("pulumi", "up", "-s", "prod"), ["prod", true]);
  assert.deepEqual(about("pulumi", "stack", "init", "prod"), ["prod", false]);
  assert.deepEqual(about("pulumi", "stack", "export"), ["dev", false]);
  assert.deepEqual(about("up", "--help"), ["dev", false]);
});

test("a verb that does not exist is named with the one that was meant, or with all", () => {
  assert.throws(() => commandLine(["preveiw"]), /preveiw is not a command; did you mean preview\?/);
  assert.throws(() => commandLine(["frobnicate"]), /is not a command: up, preview, destroy/);
});
