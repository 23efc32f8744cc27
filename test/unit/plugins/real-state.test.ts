import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";

// The engine on a state that the Pulumi CLI wrote: see test/fixtures/state/README.md.

const root = new URL("../../../", import.meta.url).pathname;
const fixture = join(root, "test/fixtures/state");
const secretMark = "4dabf18193072939515e22adb298388d";
let folder: string;
let file: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "real-state-"));
  cpSync(join(fixture, "program"), folder, { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const stacks = join(folder, "state/.pulumi/stacks/fixture");
  mkdirSync(stacks, { recursive: true });
  writeFileSync(join(folder, "state/.pulumi/meta.yaml"), "version: 1\n");
  file = join(stacks, "real.json");
  cpSync(join(fixture, "real/checkpoint.json"), file);
});
after(() => rmSync(folder, { recursive: true }));

async function engine(...args: string[]): Promise<string> {
  const env = { ...process.env, HA_KUBERNETES_ENGINE: "builtin", PULUMI_CONFIG_PASSPHRASE: "fixture" };
  const command = [join(root, "engine/main.ts"), ...args, "--stack", "real"];
  const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: folder, env });
  return stdout;
}

interface Entry {
  urn: string;
  id?: string;
  type: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

const entries = (path: string): Entry[] => JSON.parse(readFileSync(path, "utf8")).checkpoint.latest.resources;

/** Where secrets are. */
const secretPaths = (value: unknown, path = ""): string[] => {
  if (value === null || typeof value !== "object") return [];
  if (secretMark in value) return [path];
  return Object.entries(value).flatMap(([name, inner]) => secretPaths(inner, `${path}.${name}`));
};

test("preview of a state that the CLI wrote: no changes", async () => {
  assert.match(await engine("preview"), /^14 unchanged \(/m);
});

test("up on it: nothing runs, and every resource stays as it was, with the same secrets", async () => {
  const original = new Map(entries(file).map((entry) => [entry.urn, entry]));
  assert.match(await engine("up", "--yes"), /^14 unchanged \(/m);
  const now = entries(file);
  assert.deepEqual(new Set(now.map(({ urn }) => urn)), new Set(original.keys()));
  for (const { urn, id, type, inputs, outputs } of now) {
    const was = original.get(urn);
    assert.deepEqual([id, type], [was?.id, was?.type], urn);
    assert.deepEqual(
      secretPaths({ inputs, outputs }).sort(),
      secretPaths({ inputs: was?.inputs, outputs: was?.outputs }).sort(),
      urn,
    );
  }
  assert.doesNotMatch(readFileSync(file, "utf8"), /for stdin only|let-me-in-please|BEGIN [A-Z ]*PRIVATE KEY/);
});

test("its outputs can be read, secrets only on demand", async () => {
  assert.match(await engine("output", "--json"), /"secret":\s*"\[secret\]"/);
  assert.match(await engine("output", "secretPassword", "--show-secrets"), /^[A-Za-z0-9]{24}\n$/);
});

test("a changed program updates what it should: the command that runs here, by its update", async () => {
  const program = join(folder, "index.ts");
  const text = readFileSync(program, "utf8");
  writeFileSync(program, text.replace('update: "cat;', 'update: "echo again;'));
  const said = await engine("up", "--yes");
  assert.match(said, /^13 unchanged, 1 updated \(/m);
  const here = entries(file).find(({ urn }) => urn.endsWith("local:Command::here"));
  assert.equal(here?.outputs?.stderr, "changed here");
  assert.deepEqual(secretPaths(here?.outputs), [".stdin", ".stdout"]);
});
