import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setConfig, showConfig } from "../../../engine/config.ts";
import { Crypter } from "../../../engine/crypto.ts";
import { breakLocks, Locked, takeLock } from "../../../engine/lock.ts";
import { helpText, readOptions } from "../../../engine/options.ts";
import { readProject, StackFile } from "../../../engine/project.ts";
import { cliArguments } from "../../../engine/pulumi.ts";
import { findPassphrase } from "../../../engine/secrets.ts";
import { openStack } from "../../../engine/stack.ts";
import { readCheckpoint, Store, stackFiles } from "../../../engine/store.ts";
import { Secret } from "../../../engine/values.ts";

// What lies on the disk: locks, passphrases, project and stack files, states.

function folder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "stack-test-"));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function projectIn(context: TestContext, stackText: string): string {
  const path = folder(context);
  writeFileSync(join(path, "Pulumi.yaml"), "name: probe\nruntime: nodejs\nmain: index.ts\nbackend:\n  url: file://./state\n");
  writeFileSync(join(path, "Pulumi.dev.yaml"), stackText);
  return path;
}

/** Runs with only these variables of Pulumi's set. */
async function withEnvironment<T>(variables: Record<string, string>, work: () => T | Promise<T>): Promise<T> {
  const before = { ...process.env };
  for (const name of Object.keys(process.env)) if (name.startsWith("PULUMI_")) delete process.env[name];
  Object.assign(process.env, variables);
  try {
    return await work();
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

test("a lock keeps others out until it is given back; one of a process that is gone is taken over, saying so", async (context) => {
  const locks = join(folder(context), "locks");
  const said: string[] = [];
  const lock = (name: string, pid: number, host: string, timestamp = new Date().toISOString()) =>
    writeFileSync(join(locks, `${name}.json`), JSON.stringify({ pid, username: "someone", hostname: host, timestamp }));
  const release = takeLock(locks, (line) => said.push(line));
  assert.throws(() => takeLock(locks, () => undefined), Locked);
  release();
  assert.deepEqual(readdirSync(locks), []);
  const gone = spawn("true");
  await once(gone, "exit");
  lock("gone", gone.pid ?? 0, hostname());
  takeLock(locks, (line) => said.push(line))();
  assert.match(said.join(), new RegExp(`process ${gone.pid}, which is gone`));
  // The number is used again, by a process that began after the lock.
  lock("reused", process.pid, hostname(), "2020-01-01T00:00:00Z");
  takeLock(locks, (line) => said.push(line))();
  assert.equal(said.length, 2);
  lock("elsewhere", gone.pid ?? 0, "elsewhere");
  assert.throws(() => takeLock(locks, () => undefined), /locked: someone@elsewhere/);
  assert.equal(breakLocks(locks), 1);
  assert.equal(breakLocks(locks), 0);
});

test("the throw-away stack makes a passphrase of its own, 0600; another stack wants one; none may be empty", async (context) => {
  const path = folder(context);
  const made = await withEnvironment({}, () => findPassphrase(path, "dev"));
  assert.ok(made.length >= 20);
  assert.equal(statSync(join(path, ".passphrase")).mode & 0o777, 0o600);
  assert.equal(await withEnvironment({}, () => findPassphrase(path, "dev")), made);
  await assert.rejects(
    withEnvironment({}, () => findPassphrase(path, "prod")),
    /stack prod needs a passphrase/,
  );
  await assert.rejects(
    withEnvironment({ PULUMI_CONFIG_PASSPHRASE: "" }, () => findPassphrase(path, "dev")),
    /is empty/,
  );
  writeFileSync(join(path, "file"), "from a file\n");
  const file = { PULUMI_CONFIG_PASSPHRASE_FILE: join(path, "file") };
  assert.equal(await withEnvironment(file, () => findPassphrase(path, "prod")), "from a file");
});

test("a stack's config keeps the types of YAML, and its comments when a value is set", async (context) => {
  const path = projectIn(
    context,
    "# about the stack\nconfig:\n  probe:cluster:\n    count: 3 # three\n    version: 1.36.3\n    on: true\n  plain: text\n",
  );
  const file = new StackFile(readProject(path), "dev");
  const config = file.read(() => assert.fail("nothing is encrypted"));
  assert.deepEqual(JSON.parse(config.values["probe:cluster"] ?? ""), { count: 3, version: "1.36.3", on: true });
  assert.equal(config.values["probe:plain"], "text");
  file.set("other", "value");
  file.write();
  const text = readFileSync(join(path, "Pulumi.dev.yaml"), "utf8");
  assert.match(text, /# about the stack[\s\S]*count: 3 # three[\s\S]*probe:other: value/);
});

test("a secret is set with the salt in the stack's file, and read again; a mapping that holds one is secret as a whole", async (context) => {
  const path = projectIn(context, "");
  await withEnvironment({ PULUMI_CONFIG_PASSPHRASE: "words" }, async () => {
    await setConfig(await openStack(path, "dev"), readOptions(["config", "set", "key", "s3cret-value", "--secret"]));
    const stack = await openStack(path, "dev");
    assert.ok(!readFileSync(stack.file.path, "utf8").includes("s3cret-value"));
    const crypter = await stack.crypter();
    assert.equal(crypter.salt, stack.file.salt);
    const config = stack.file.read((text) => crypter.decrypt(text));
    assert.deepEqual(config, { values: { "probe:key": "s3cret-value" }, secretKeys: ["probe:key"] });
    const shown: string[] = [];
    await showConfig(stack, false, (line) => shown.push(line));
    await showConfig(stack, true, (line) => shown.push(line));
    assert.deepEqual(shown, ["probe:key: [secret]", "probe:key: s3cret-value"]);
    stack.file.set("map", { inner: { secure: crypter.encrypt("deep") } } as never);
    const map = stack.file.read((text) => crypter.decrypt(text));
    assert.equal(map.values["probe:map"], '{"inner":"deep"}');
    assert.ok(map.secretKeys.includes("probe:map"));
    await assert.rejects(setConfig(stack, readOptions(["config", "set", "key", ""])), /the value is empty/);
    await assert.rejects(setConfig(stack, readOptions(["config", "get", "key"])), /config wants: set KEY/);
  });
});

test("a passphrase that is not the one is told as such", async (context) => {
  const path = projectIn(context, "");
  await withEnvironment({ PULUMI_CONFIG_PASSPHRASE: "words" }, async () => {
    await setConfig(await openStack(path, "dev"), readOptions(["config", "set", "key", "value", "--secret"]));
  });
  await withEnvironment({ PULUMI_CONFIG_PASSPHRASE: "other words" }, async () => {
    await assert.rejects((await openStack(path, "dev")).crypter(), /passphrase does not open .* PULUMI_CONFIG_PASSPHRASE/);
  });
});

test("states: saved at once for all who ask, read again, the last one kept beside, another key used when the file has one", async (context) => {
  const path = projectIn(context, "");
  const files = stackFiles(join(path, "state"), "probe", "dev");
  const crypter = await Crypter.create("words");
  const state = (word: string) => ({ urn: "urn:a", type: "t", custom: false, inputs: { word: new Secret(word) }, outputs: {} });
  let resources = [state("one")];
  let written = 0;
  const store = new Store(files, "organization/probe/dev", "3.270.0", crypter, () => {
    written++;
    return { resources, pending: [] };
  });
  await Promise.all([store.save(), store.save(), store.save()]);
  assert.equal(written, 1);
  resources = [state("two")];
  await store.save();
  const checkpoint = await readCheckpoint(files);
  assert.equal(checkpoint?.salt, crypter.salt);
  assert.deepEqual(checkpoint?.read((text) => crypter.decrypt(text)).resources[0]?.inputs.word, new Secret("two"));
  assert.ok(!readFileSync(files.state, "utf8").includes("two"));
  assert.equal(readFileSync(files.meta, "utf8"), "version: 1\n");
  await new Store(files, "organization/probe/dev", "3.270.0", crypter, () => ({ resources: [], pending: [] })).save();
  assert.ok(readFileSync(`${files.state}.bak`, "utf8").includes("urn:a"));
  await withEnvironment({ PULUMI_CONFIG_PASSPHRASE: "words" }, async () => {
    await setConfig(await openStack(path, "dev"), readOptions(["config", "set", "a", "b", "--secret"]));
    assert.equal((await openStack(path, "dev")).file.salt, crypter.salt);
  });
});

test("states of another version, another secrets provider, with unknown parts, or packed are refused", async (context) => {
  const path = projectIn(context, "");
  const files = stackFiles(join(path, "state"), "probe", "dev");
  mkdirSync(join(files.state, ".."), { recursive: true });
  const write = (value: object) => writeFileSync(files.state, JSON.stringify(value));
  const read = async () => (await readCheckpoint(files))?.read((text) => text);
  write({ version: 2 });
  await assert.rejects(read, /version 2; this engine reads version 3/);
  write({ version: 3, checkpoint: { latest: { secrets_providers: { type: "awskms" } } } });
  await assert.rejects(read, /encrypted with awskms/);
  write({ version: 3, checkpoint: { latest: { resources: [{ urn: "urn:x", type: "t", custom: true, viewOf: "urn:y" }] } } });
  await assert.rejects(read, /urn:x uses "viewOf"/);
  writeFileSync(files.state, "{");
  await assert.rejects(read, /can't be read/);
  rmSync(files.state);
  assert.equal(await read(), undefined);
  writeFileSync(`${files.state}.gz`, "");
  await assert.rejects(read, /is packed/);
});

test("a project of another runtime or with another backend is refused", async (context) => {
  const path = projectIn(context, "");
  assert.equal((await withEnvironment({}, () => readProject(path))).backend, join(path, "state"));
  const remote = { PULUMI_BACKEND_URL: "s3://bucket" };
  await assert.rejects(
    withEnvironment(remote, () => readProject(path)),
    /backend s3:\/\/bucket is not supported/,
  );
  assert.equal((await withEnvironment({ PULUMI_BACKEND_URL: "file:///a/b" }, () => readProject(path))).backend, "/a/b");
  writeFileSync(join(path, "Pulumi.yaml"), "name: probe\nruntime: python\n");
  assert.throws(() => readProject(path), /runtime python/);
});

test("command lines: defaults, every mistake named, and the same for the CLI", () => {
  const read = (line: string) => readOptions(line.split(" ").filter(Boolean));
  const { stack, parallel, yes, verb } = read("up");
  assert.deepEqual({ stack, yes, verb }, { stack: "dev", yes: false, verb: "up" });
  assert.ok(parallel >= 4);
  for (const [line, message] of [
    ["", /\(nothing\) is no command: up, preview/],
    ["start", /start is no command/],
    ["up --parallel 0", /--parallel 0: a whole number/],
    ["up --parallel x", /--parallel x/],
    ["up --stack a/b", /--stack a\/b/],
    ["up --json", /up has no option --json/],
    ["up dev", /up takes no "dev"/],
    ["up --wrong", /wrong/],
  ] as const) {
    assert.throws(() => read(line), message);
  }
  assert.match(helpText("destroy"), /--yes/);
  const cli = (line: string) => cliArguments(read(line)).join(" ");
  assert.equal(cli("up --parallel 3"), "up --stack dev --non-interactive --yes --skip-preview --parallel 3");
  assert.equal(cli("preview --stack x"), "preview --stack x --non-interactive --diff");
  assert.equal(cli("destroy --yes"), "destroy --stack dev --non-interactive --yes --skip-preview");
  assert.equal(cli("output a --show-secrets --json"), "stack output a --stack dev --non-interactive --show-secrets --json");
  assert.equal(cli("config set k v --secret"), "config set --stack dev --non-interactive --secret -- k v");
  assert.equal(cli("config"), "config --stack dev --non-interactive");
  assert.equal(cli("cancel"), "cancel --yes --non-interactive dev");
});
