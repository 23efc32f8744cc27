import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { LocalWorkspace, type OpType, type Stack } from "@pulumi/pulumi/automation/index.js";
import { findCli } from "../../../engine/cli.ts";
import { builtIn } from "../../../plugins/index.ts";
import { servePlugins } from "../../../plugins/serve.ts";
import { scratch } from "../../harness/scratch.ts";
import { startServer, type TestServer } from "./ssh-server.ts";

// The providers under Pulumi's own engine, with the program and the states of test/fixtures/state: see its README.md.

delete process.env.SSH_AUTH_SOCK;
const cli = await findCli(console.error);
process.env.PATH = `${dirname(cli.path)}:${process.env.PATH}`;

const root = new URL("../../../", import.meta.url).pathname;
const fixture = join(root, "test/fixtures/state");
let folder: string;
let envVars: Record<string, string>;
let served: Awaited<ReturnType<typeof servePlugins>>;
let sshServer: TestServer;

before(async () => {
  folder = scratch();
  cpSync(join(fixture, "program"), folder, { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const stacks = join(folder, "state/.pulumi/stacks/fixture");
  mkdirSync(stacks, { recursive: true });
  writeFileSync(join(folder, "state/.pulumi/meta.yaml"), "version: 1\n");
  for (const stack of ["real", "stand-in"]) cpSync(join(fixture, stack, "checkpoint.json"), join(stacks, `${stack}.json`));
  sshServer = await startServer();
  served = await servePlugins(builtIn);
  envVars = {
    PULUMI_DEBUG_PROVIDERS: served.debugProviders,
    PULUMI_BACKEND_URL: `file://${folder}/state`,
    PULUMI_CONFIG_PASSPHRASE: "fixture",
    PULUMI_HOME: join(folder, "home"),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
});
after(async () => {
  await served.close();
  await sshServer.close();
});

let runs = 0;
/** A stack of the fixture's current program. */
function stackOf(stackName: string): Promise<Stack> {
  const program = async () => ({ ...(await import(`${pathToFileURL(join(folder, "index.ts")).href}?${runs++}`)) });
  return LocalWorkspace.createOrSelectStack({ stackName, projectName: "fixture", program }, { workDir: folder, envVars });
}

/** Numbers of resources by operation. Without reads, which count only if an output of the stack changed meanwhile. */
const counted = ({ read: _, ...others }: Partial<Record<OpType, number>> = {}) => others;

interface Entry {
  urn: string;
  type: string;
  id?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

/** The stack's resources by URN without the stack's name, with secrets in clear text inside their marks. */
async function resourcesOf(stackName: string): Promise<Map<string, Entry>> {
  const { deployment } = await (await stackOf(stackName)).exportStack();
  return new Map(deployment.resources.map((entry: Entry) => [entry.urn.replaceAll(stackName, "STACK"), entry]));
}

const secretMark = "4dabf18193072939515e22adb298388d";

/** Notes that only the real plugins keep. */
const notes = ["__pulumi_raw_state_delta", "__pulumi-go-provider-version"];

/** A copy of a value without notes, with other leaves and secrets. */
function mapped(value: unknown, leaf: (value: unknown) => unknown, secret: (inside: unknown) => unknown): unknown {
  const again = (inner: unknown) => mapped(inner, leaf, secret);
  if (Array.isArray(value)) return value.map(again);
  if (value === null || typeof value !== "object") return leaf(value);
  if (secretMark in value && "plaintext" in value) return secret(again(JSON.parse(String(value.plaintext))));
  const entries = Object.entries(value).filter(([name]) => !notes.includes(name));
  return Object.fromEntries(entries.map(([name, inner]) => [name, name === "__meta" ? inner : again(inner)]));
}
const clearOf = (value: unknown) => mapped(value, String, (inside) => inside);
/** The shape of a value: names, types, and the places of secrets. */
const shapeOf = (value: unknown) =>
  mapped(
    value,
    (leaf) => typeof leaf,
    (inside) => ({ secret: inside }),
  );

test("a state of the real plugins: nothing changes, and every resource stays as it was", async () => {
  const before = await resourcesOf("real");
  assert.deepEqual(counted((await (await stackOf("real")).up()).summary.resourceChanges), { same: 16 });
  const now = await resourcesOf("real");
  assert.deepEqual([...now.keys()].sort(), [...before.keys()].sort());
  for (const [urn, { type, id, inputs, outputs }] of now) {
    const was = before.get(urn);
    if (type.startsWith("pulumi:pulumi:")) continue;
    assert.deepEqual(clearOf([id, inputs, outputs]), clearOf([was?.id, was?.inputs, was?.outputs]), urn);
  }
  const file = readFileSync(join(folder, "state/.pulumi/stacks/fixture/real.json"), "utf8");
  assert.doesNotMatch(file, /for stdin only|let-me-in-please|BEGIN [A-Z ]*PRIVATE KEY/);
});

test("a state of this program's former engine: nothing would change", async () => {
  assert.deepEqual(counted((await (await stackOf("stand-in")).preview()).changeSummary), { same: 16 });
});

test("a changed program updates only the local command, by its update", async () => {
  const program = join(folder, "index.ts");
  const text = readFileSync(program, "utf8");
  writeFileSync(program, text.replace('update: "cat;', 'update: "echo again;'));
  try {
    assert.deepEqual(counted((await (await stackOf("real")).up()).summary.resourceChanges), { same: 15, update: 1 });
  } finally {
    writeFileSync(program, text);
  }
  const [here] = [...(await resourcesOf("real")).values()].filter(({ urn }) => urn.endsWith("local:Command::here"));
  assert.equal(here?.outputs?.stderr, "changed here");
  assert.deepEqual(shapeOf(here?.outputs?.stdin), { secret: "string" });
  assert.deepEqual(shapeOf(here?.outputs?.stdout), { secret: "string" });
});

test("a new state has the shape of one that the real plugins wrote: names, types, secrets, defaults, versions", async () => {
  const config = {
    sshPort: String(sshServer.port),
    sshHostKey: sshServer.hostKey,
    sshPassword: sshServer.password,
    settings: { replicas: 3, labels: ["one"] },
  };
  const keyed = Object.fromEntries(Object.entries(config).map(([key, value]) => [`fixture:${key}`, value]));
  writeFileSync(join(folder, "Pulumi.fresh.yaml"), JSON.stringify({ config: keyed }));
  const stack = await stackOf("fresh");
  const lines: string[] = [];
  assert.deepEqual(counted((await stack.up({ onOutput: (text) => lines.push(text) })).summary.resourceChanges), { create: 16 });
  assert.match(lines.join(""), /here creating .* made here/);
  const [real, ours] = [await resourcesOf("real"), await resourcesOf("fresh")];
  assert.deepEqual([...ours.keys()].sort(), [...real.keys()].sort());
  for (const [urn, { type, inputs, outputs }] of ours) {
    const like = real.get(urn);
    if (type.startsWith("pulumi:pulumi:")) continue;
    assert.deepEqual(shapeOf({ inputs, outputs }), shapeOf({ inputs: like?.inputs, outputs: like?.outputs }), urn);
  }
  assert.deepEqual(counted((await stack.preview({ refresh: true })).changeSummary), { same: 16 });
});
