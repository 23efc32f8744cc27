import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { TestProject } from "../../harness/project.ts";
import { scratch } from "../../harness/scratch.ts";

// The front end with the real CLI, on small programs whose commands run on this machine.

const command = (name: string, more = "") =>
  `const ${name} = new local.Command("${name}", { create: say("made ${name}"), delete: say("undid ${name}")${more} });\n`;

test("up creates, a second up runs nothing, destroy undoes in reverse order; the summary leaves out outputs that only the program reads", async () => {
  const project = new TestProject(
    `${command("a")}${command("b", ", triggers: [a.stdout]")}export const apiEndpoint = a.stdout;\nexport const recorded = { secretive: 1 };`,
  );
  const first = await project.run(["up"]);
  assert.equal(first.code, 0, first.text);
  assert.match(first.text, /^engine: Pulumi CLI \d/m);
  assert.match(first.text, /\+ 3 created/);
  assert.match(first.text, /^ {2}apiEndpoint: made a$/m);
  assert.doesNotMatch(first.text, /secretive/);
  assert.deepEqual(project.happened(), ["made a", "made b"]);
  const { stdout } = await project.run(["output"]);
  assert.equal(stdout, "apiEndpoint: made a\n");
  assert.match((await project.run(["up"])).text, /3 unchanged/);
  assert.deepEqual(project.happened(), []);
  assert.equal((await project.run(["destroy"])).code, 0);
  assert.deepEqual(project.happened(), ["undid b", "undid a"]);
});

test("a program's refusal is printed once, unchanged, and nothing is touched", async () => {
  const project = new TestProject(`throw new pulumi.RunError("this is refused, and nothing was touched");`);
  const { code, text } = await project.run(["up"]);
  assert.notEqual(code, 0);
  const [, diagnostics = ""] = text.split("Diagnostics:");
  assert.equal(diagnostics.match(/this is refused, and nothing was touched/g)?.length, 1, text);
  assert.doesNotMatch(text, /RunError|at .*\.ts:\d/);
});

test("a mistyped option, stack or verb ends with a suggestion, and never with success", async () => {
  const project = new TestProject(command("a"));
  const said = async (...args: string[]) => {
    const { code, text } = await project.run(args);
    assert.notEqual(code, 0, text);
    assert.doesNotMatch(text, /^\s+at /m);
    return text;
  };
  assert.match(await said("preview", "--shwo-secrets"), /unknown flag: --shwo-secrets[\s\S]*Did you mean --show-secrets\?/);
  assert.match(
    await said("preview", "--stack", "dve"),
    /there is no stack dve: Pulumi\.dve\.yaml does not exist\. Did you mean --stack dev\?/,
  );
  assert.match(await said("pulmi"), /did you mean pulumi\?/);
  assert.deepEqual(project.happened(), []);
});

test("a private key without --secret is not written", async () => {
  const project = new TestProject(command("a"));
  const key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbg==\n-----END OPENSSH PRIVATE KEY-----\n";
  const before = project.read("Pulumi.dev.yaml");
  const { code, text } = await project.run(["config", "set", "key"], {}, key);
  assert.notEqual(code, 0);
  assert.match(text, /private key\. Nothing was written\. Add --secret/);
  assert.equal(project.read("Pulumi.dev.yaml"), before);
});

test("a copy of this project under another name keeps its secrets under the keys that the program reads", async () => {
  const project = new TestProject(command("a"));
  project.write("package.json", JSON.stringify({ name: "ha-kubernetes", type: "module" }));
  const { code, text } = await project.run(["config", "set", "--secret", "sshPassword", "correct horse"]);
  assert.equal(code, 0, text);
  assert.match(project.read("Pulumi.dev.yaml"), /^ {2}ha-kubernetes:sshPassword:\n {4}secure: /m);
  assert.equal((await project.run(["config", "get", "sshPassword"])).stdout, "correct horse\n");
});

test("the state may be in another folder; the CLI itself gets the same backend and passphrase", async () => {
  const elsewhere = scratch();
  const project = new TestProject(command("a"));
  const environment = { PULUMI_BACKEND_URL: `file://${elsewhere}` };
  assert.equal((await project.run(["up"], environment)).code, 0);
  assert.ok(existsSync(join(elsewhere, ".pulumi/stacks/probe/dev.json")));
  assert.ok(!existsSync(join(project.folder, "state")));
  const list = await project.run(["pulumi", "stack", "ls", "--json"], environment);
  assert.deepEqual(
    JSON.parse(list.stdout).map(({ name }: { name: string }) => name),
    ["dev"],
  );
});

test("the state has no files of attributes beside it, and those of a plain CLI do no harm", async () => {
  const project = new TestProject(command("a"));
  const folder = join(project.folder, "state");
  const plain = { PULUMI_BACKEND_URL: `file://${folder}` };
  const attributes = join(folder, ".pulumi/stacks/probe/dev.json.attrs");
  assert.equal((await project.run(["up"])).code, 0);
  assert.ok(!existsSync(attributes));
  assert.match((await project.run(["up"], plain)).text, /2 unchanged/);
  assert.ok(existsSync(attributes));
  project.write("index.ts", project.read("index.ts").replaceAll("made a", "changed a"));
  assert.match((await project.run(["up"])).text, /1 updated|1 replaced/);
  assert.match((await project.run(["up"], plain)).text, /2 unchanged/);
});

test("without a passphrase the default stack gets a random one, mode 0600; another stack is refused; an empty one is refused", async () => {
  const project = new TestProject(command("a"));
  project.write("Pulumi.prod.yaml", "config: {}\n");
  const none = { PULUMI_CONFIG_PASSPHRASE: undefined };
  assert.equal((await project.run(["up"], none)).code, 0);
  assert.equal(statSync(join(project.folder, ".passphrase")).mode & 0o777, 0o600);
  assert.match((await project.run(["up", "--stack", "prod"], none)).text, /stack prod needs a passphrase/);
  assert.match((await project.run(["up"], { PULUMI_CONFIG_PASSPHRASE: "" })).text, /PULUMI_CONFIG_PASSPHRASE is empty/);
});

test("after a SIGKILL in the middle the next up removes the lock and creates the missing resources, and no later up warns", async () => {
  const wait = `new local.Command("slow", { create: pulumi.interpolate\`\${say("begins")}; for i in $(seq 300); do test -e \${log}.go && break; sleep 0.1; done\`, triggers: [a.stdout] });\n`;
  const project = new TestProject(`${command("a")}${wait}`);
  const running = project.start(["up"]);
  await running.prints("begins");
  running.kill();
  await running.ended;
  project.write("log.go", "");
  const next = await project.run(["up"]);
  assert.equal(next.code, 0, next.text);
  assert.match(next.text, /was killed: its lock is removed/);
  assert.match(next.text, /pending operations are cleared/);
  const last = await project.run(["up"]);
  assert.match(last.text, /3 unchanged/);
  assert.doesNotMatch(last.text, /pending/);
});

test("a question names the stack that is used, also through the CLI itself", async () => {
  const project = new TestProject(command("a"));
  project.write("Pulumi.dev.yaml", "config:\n  ha-kubernetes:cluster:\n    provider: lab\n");
  project.write("Pulumi.small.yaml", "config: {}\n");
  assert.equal((await project.run(["up", "--stack", "small"])).code, 0);
  assert.equal((await project.run(["pulumi", "stack", "select", "small"])).code, 0);
  for (const args of [
    ["pulumi", "destroy"],
    ["destroy", "-ssmall"],
    ["pulumi", "--color", "never", "dn"],
  ]) {
    const { code, text } = await project.ask(args);
    assert.notEqual(code, 0, args.join(" "));
    assert.match(text, /--yes/);
  }
  assert.deepEqual(project.happened(), ["made a"]);
});

test("a closed pipe does not end the run", async () => {
  const project = new TestProject(command("a"));
  const running = project.start(["up"]);
  await running.prints("engine:");
  running.closeOutput();
  assert.equal((await running.ended).code, 0);
  assert.deepEqual(project.happened(), ["made a"]);
});
