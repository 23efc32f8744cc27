import assert from "node:assert/strict";
import { test } from "node:test";
import { commandLine, withKeyPrefix } from "../../../engine/arguments.ts";

const lineOf = (...argv: string[]) => commandLine(argv, {});

test("a verb becomes the CLI's command, and every flag passes through", () => {
  const args = (...argv: string[]) => lineOf(...argv).args;
  assert.deepEqual(args("up", "--diff", "--target", "urn:x"), ["up", "--diff", "--target", "urn:x"]);
  assert.deepEqual(args("output", "kubeconfig", "--show-secrets"), ["stack", "output", "kubeconfig", "--show-secrets"]);
  assert.deepEqual(args("config", "set", "--secret", "k", "v"), ["config", "set", "--secret", "k", "v"]);
  assert.deepEqual(args("pulumi", "stack", "ls"), ["stack", "ls"]);
});

test("the stack is found in every form that the CLI knows, and removed from the arguments", () => {
  for (const form of [["-s", "prod"], ["-sprod"], ["-s=prod"], ["--stack", "prod"], ["--stack=prod"]]) {
    const { stack, args } = lineOf("destroy", "--diff", ...form, "-y");
    assert.deepEqual([stack, args], ["prod", ["destroy", "--diff", "-y"]], form.join(" "));
  }
  const cluster = lineOf("up", "-ys", "prod");
  assert.deepEqual([cluster.stack, cluster.args], ["prod", ["up", "-y"]]);
  // A value that only looks like a stack.
  const message = lineOf("up", "-m", "-s", "-mstatus");
  assert.deepEqual([message.stack, message.args], [undefined, ["up", "-m", "-s", "-mstatus"]]);
  assert.equal(lineOf("config", "set", "--plaintext", "-s", "prod", "k", "v").stack, "prod");
  assert.equal(lineOf("pulumi", "stack", "init", "prod").stack, "prod");
  assert.equal(lineOf("cancel", "prod").stack, "prod");
  assert.equal(lineOf("up").stack, undefined);
});

test("arguments that could select another stack than the user expects are refused", () => {
  assert.throws(() => lineOf("destroy", "--stack", "dev", "-s", "prod"), /two stacks are named: dev, prod/);
  assert.throws(() => lineOf("up", "-s"), /-s needs the name of a stack/);
  assert.throws(() => lineOf("up", "--stack="), /needs the name of a stack/);
  assert.throws(() => lineOf("destroy", "prod"), /destroy takes no "prod"; npm run needs -- before the first option/);
  assert.throws(() => lineOf("up", "-C", "elsewhere"), /-C is not supported here/);
  const npm = { npm_lifecycle_event: "destroy", npm_config_stack: "prod" };
  assert.throws(() => commandLine(["destroy"], npm), /Put -- before it: npm run destroy -- --stack prod/);
});

test("commands that run the program are recognized by all their names, with flags in any place", () => {
  const operation = (...argv: string[]) => lineOf(...argv).operation;
  assert.equal(operation("pulumi", "--color", "never", "-s", "prod", "dn"), "destroy");
  assert.equal(operation("pulumi", "update"), "up");
  assert.equal(operation("pulumi", "stack", "export"), undefined);
});

test("an unknown verb is named with the closest one, or with all verbs", () => {
  assert.throws(() => lineOf("preveiw"), /preveiw is not a command; did you mean preview\?/);
  assert.throws(() => lineOf("frobnicate"), /is not a command: up, preview, destroy/);
});

test("a mistyped --stack is named before the CLI complains about it or its value", () => {
  for (const words of [["--stak", "t1"], ["--stacks=t1"], ["--sta", "t1"]])
    assert.throws(() => commandLine(["up", ...words], {}), /is not a flag; did you mean --stack\?/, words.join(" "));
  for (const flag of ["--yes", "--show-secrets", "--skip-preview", "--save-plan=x"]) commandLine(["up", flag], {});
});

test("the key of a config command gets the program's prefix, and nothing else changes", () => {
  const prefixed = (text: string) => withKeyPrefix(lineOf("config", ...text.split(" ")), "p:").join(" ");
  for (const [given, wanted] of [
    ["set --secret sshPassword sshPassword", "set --secret p:sshPassword sshPassword"],
    ["--json set --type string --path cluster.name -- set", "--json set --type string --path p:cluster.name -- set"],
    ["set aws:region eu-west-1", "set aws:region eu-west-1"],
    ['set --path cluster["a:b"] x', 'set --path p:cluster["a:b"] x'],
    ["set-all --plaintext a=x:y --secret=b=c --path", "set-all --plaintext p:a=x:y --secret=p:b=c --path"],
    ["get sshPassword", "get p:sshPassword"],
    ["rm-all a q:b c", "rm-all p:a q:b p:c"],
    ["cp --dest other a", "cp --dest other a"],
    ["", ""],
    ["set --plaintext proxyLogin x", "set --plaintext p:proxyLogin x"],
    ["set-all --json {} --secret=b=c", "set-all --json {} --secret=p:b=c"],
  ])
    assert.equal(prefixed(given as string).trim(), `config ${wanted}`.trim());
});
