import assert from "node:assert/strict";
import { chmodSync, existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { TestProject } from "./program.ts";

// The engine as users run it, on real programs with real commands, each in a folder of its own.

describe("runs of whole programs", { concurrency: 3 }, () => {
  test("preview, up, up again, a change, destroy; the stack reads its own last outputs", async (context) => {
    const program = (text: string) => `
const self = new pulumi.StackReference(\`organization/\${pulumi.getProject()}/\${pulumi.getStack()}\`);
const before = (await self.getOutputDetails("count")).value ?? 0;
class Group extends pulumi.ComponentResource {
  constructor(name: string) {
    super("test:index:Group", name);
    new local.Command("child", { create: say("child"), delete: say("no-child") }, { parent: this });
    this.registerOutputs({});
  }
}
const group = new Group("group");
const last = new local.Command("last", { create: say("${text}"), delete: say("no-last") }, { dependsOn: group });
export const count = before + 1;
export const line = last.stdout;
`;
    const project = new TestProject(context, program("one"));
    const preview = await project.run(["preview"]);
    assert.equal(preview.code, 0, preview.text);
    assert.match(preview.text, /\+ child create[\s\S]*\+ last create[\s\S]*2 to create/);
    assert.ok(!existsSync(join(project.folder, "state")), "a preview leaves nothing");
    const first = await project.run(["up"]);
    assert.equal(first.code, 0, first.text);
    assert.match(first.text, /^engine: built-in/);
    assert.deepEqual(project.happened(), ["child", "one"]);
    assert.match(first.text, /count +1\n/);
    const second = await project.run(["up"]);
    assert.match(second.text, /count +2\n/);
    assert.match(second.text, /2 unchanged/);
    assert.doesNotMatch(second.text, /child/);
    assert.deepEqual(project.happened(), []);
    project.program(program("two"));
    const change = await project.run(["preview"]);
    assert.match(change.text, /~ last update\n +create: .*one.* → .*two/);
    assert.equal((await project.run(["up", "--parallel", "1"])).code, 0);
    assert.deepEqual(project.happened(), ["two"]);
    assert.deepEqual(JSON.parse((await project.run(["output", "--json"])).stdout), { count: 3, line: "two" });
    const gone = await project.run(["destroy"]);
    assert.match(gone.text, /destroying stack dev of probe: 2 resources/);
    assert.deepEqual(project.happened(), ["no-last", "no-child"]);
    assert.deepEqual(JSON.parse(project.state).checkpoint.latest.resources, []);
  });

  test("secrets: in clear neither in state, files nor output; shown only when asked for", async (context) => {
    const project = new TestProject(
      context,
      `
const secret = new pulumi.Config().requireSecret("word");
const a = new local.Command("a", { create: "cat; echo", stdin: secret }, { additionalSecretOutputs: ["stdout"] });
export const word = a.stdout;
export const nested = { deep: [pulumi.secret("nested-s3cret-text")], open: "open" };
console.log("the program says", "config-s3cret-text");
`,
    );
    const words = ["config-s3cret-text", "nested-s3cret-text"];
    const set = await project.run(["config", "set", "word", "--secret"], {}, "config-s3cret-text\n");
    assert.equal(set.code, 0, set.text);
    const up = await project.run(["up"]);
    assert.equal(up.code, 0, up.text);
    const change = project.read("index.ts").replace("cat; echo", "cat; cat; echo");
    project.write("index.ts", change);
    const texts = [
      set.text,
      up.text,
      (await project.run(["preview"])).text,
      (await project.run(["output"])).text,
      project.state,
      project.read("Pulumi.dev.yaml"),
    ];
    for (const text of texts) for (const word of words) assert.ok(!text.includes(word), text);
    assert.match(up.text, /word +\[secret\]/);
    assert.equal((await project.run(["output", "word", "--show-secrets"])).stdout, "config-s3cret-text\n");
    assert.match(project.state, /"open":"open"/);
  });

  test("destroy of a kept stack wants --yes; a stack without a file is named", async (context) => {
    const project = new TestProject(context, "");
    const missing = await project.run(["up", "--stack", "typo"]);
    assert.match(missing.text, /there is no stack typo: .*Pulumi\.typo\.yaml/);
    const destroy = await project.run(["destroy", "--stack", "prod"]);
    assert.match(destroy.text, /add --yes/);
    const empty = await project.run(["destroy"]);
    assert.equal(empty.code, 0, empty.text);
    assert.match(empty.text, /nothing to destroy/);
  });

  test("a failing command: exit code 1, the error names it, what was done is kept; a program's error has no stack", async (context) => {
    const project = new TestProject(
      context,
      `
const a = new local.Command("a", { create: say("a") });
const bad = new local.Command("bad", { create: say("bad") + "; echo why >&2; exit 3" }, { dependsOn: a });
new local.Command("never", { create: say("never") }, { dependsOn: bad });
`,
    );
    const up = await project.run(["up"]);
    assert.equal(up.code, 1);
    assert.match(up.text, /! bad failed while creating/);
    assert.match(up.text, /error: bad: [\s\S]*why/);
    assert.doesNotMatch(up.text, /at .*\.(ts|js):\d+/);
    assert.deepEqual(project.happened(), ["a", "bad"]);
    project.write("index.ts", project.read("index.ts").replace("exit 3", "true"));
    assert.equal((await project.run(["up"])).code, 0);
    assert.deepEqual(project.happened(), ["bad", "never"]);
    project.program(`throw new pulumi.RunError("mend line 3 of the config");`);
    const wrong = await project.run(["up"]);
    assert.equal(wrong.code, 1);
    assert.match(wrong.text, /error: mend line 3 of the config\n/);
    assert.doesNotMatch(wrong.text, /at .*\.(ts|js):\d+/);
    // A program that failed wants nothing: that must not delete everything.
    assert.match(project.state, /::never"/);
    project.program(`process.exit(7);`);
    assert.match((await project.run(["up"])).text, /the program ended with exit code 7/);
  });

  test("killed in the middle: the next run takes the lock over, says what was cut off, and ends it", async (context) => {
    const project = new TestProject(
      context,
      `
const a = new local.Command("a", { create: say("a") });
const slow = new local.Command("slow", { create: \`\${say("slow")}; [ -e \${log}.go ] || sleep 60\` }, { dependsOn: a });
new local.Command("last", { create: say("last") }, { dependsOn: slow });
`,
    );
    const run = project.start(["up"]);
    await run.prints("slow creating");
    const busy = await project.run(["up"]);
    assert.equal(busy.code, 1);
    assert.match(busy.text, /the stack is locked: .*process \d+.* npm run cancel/);
    run.child.kill("SIGKILL");
    await run.ended;
    assert.match(project.state, /"pending_operations":\[\{.*::slow".*"type":"creating"/);
    writeFileSync(`${project.log}.go`, "");
    project.happened();
    const again = await project.run(["up"]);
    assert.equal(again.code, 0, again.text);
    assert.match(again.text, /which is gone since .* is taken over/);
    assert.match(again.text, /cut off while creating slow/);
    assert.deepEqual(project.happened(), ["slow", "last"]);
    assert.doesNotMatch(project.state, /pending_operations/);
    assert.deepEqual(readdirSync(join(project.folder, "state/.pulumi/locks/organization/probe/dev")), []);
  });

  test("Ctrl-C: the first waits for what runs, the second quits at once", async (context) => {
    const project = new TestProject(
      context,
      `
const slow = new local.Command("slow", { create: \`\${say("slow")}; for i in $(seq 600); do [ -e \${log}.go ] && exit 0; sleep 0.1; done\` });
new local.Command("last", { create: say("last") }, { dependsOn: slow });
`,
    );
    const first = project.start(["up"]);
    await first.prints("slow creating");
    first.child.kill("SIGINT");
    await first.prints("waiting for 1 running");
    writeFileSync(`${project.log}.go`, "");
    const ended = await first.ended;
    assert.equal(ended.code, 1, ended.text);
    assert.match(ended.text, /slow created/);
    assert.match(project.state, /::slow"/);
    assert.doesNotMatch(project.state, /::last"/);
    assert.deepEqual(project.happened(), ["slow"]);

    rmSync(`${project.log}.go`);
    await project.run(["destroy"]);
    const second = project.start(["up"]);
    await second.prints("slow creating");
    second.child.kill("SIGINT");
    await second.prints("waiting for 1 running");
    // Within half a second it would be the same keystroke, told twice.
    while (second.child.exitCode === null) {
      second.child.kill("SIGINT");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.equal((await second.ended).code, 130);
    assert.match(project.state, /"pending_operations"/);
  });

  test("what the engine does not know is refused by name", async (context) => {
    const project = new TestProject(context, "");
    const refused: [string, RegExp][] = [
      [`new local.Command("a", { create: "true" }, { import: "x" });`, /Command a uses import/],
      [`await local.run({ command: "true" });`, /function command:local:run is not known/],
    ];
    for (const [program, message] of refused) {
      project.program(program);
      const { code, text } = await project.run(["up"]);
      assert.equal(code, 1, text);
      assert.match(text, message);
    }
  });

  test("a Pulumi CLI on PATH is used and told the same; HA_KUBERNETES_ENGINE chooses", async (context) => {
    const project = new TestProject(context, "");
    project.write(
      "bin/pulumi",
      `#!/bin/sh\n[ "$1" = version ] && echo v3.300.0 && exit\necho "called: $*"\necho "file: $PULUMI_CONFIG_PASSPHRASE_FILE"\n`,
    );
    chmodSync(join(project.folder, "bin/pulumi"), 0o755);
    const PATH = `${join(project.folder, "bin")}:${process.env.PATH}`;
    const env = {
      PATH,
      HA_KUBERNETES_ENGINE: "",
      PULUMI_HOME: project.folder,
      PULUMI_CONFIG_PASSPHRASE: undefined as unknown as string,
    };
    const up = await project.run(["up", "--parallel", "3"], env);
    assert.match(up.text, /engine: Pulumi CLI 3\.300\.0/);
    assert.match(up.text, /called: stack init dev --no-select --non-interactive/);
    assert.match(up.text, /called: up --stack dev --non-interactive --yes --skip-preview --parallel 3/);
    assert.match(up.text, /file: .*\.passphrase/);
    const none = await project.run(["cancel"], { PATH: "/nowhere", HA_KUBERNETES_ENGINE: "pulumi", PULUMI_HOME: "/nowhere" });
    assert.match(none.text, /there is no Pulumi CLI/);
  });
});
