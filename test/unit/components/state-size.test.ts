import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { clusterOf, graphOf, type Registered } from "../../harness/graph.ts";

// The size of the state of a cluster of 100 hosts. Text that is the same on all hosts must not be in every command.

const SECRET = "4dabf18193072939515e22adb298388d";

/** A value as the engine stores it: secrets encrypted by a passphrase, files by their hash. */
async function stored(value: unknown): Promise<unknown> {
  if (value instanceof pulumi.asset.FileAsset) return { [SECRET]: "asset", hash: "0".repeat(64), path: String(await value.path) };
  if (Array.isArray(value)) return Promise.all(value.map(stored));
  if (value === null || typeof value !== "object") return value;
  if ((value as Record<string, unknown>)[SECRET] !== undefined) {
    const clear = JSON.stringify((value as { value: unknown }).value);
    const sealed = Buffer.alloc(Buffer.byteLength(clear) + 16).toString("base64");
    return { [SECRET]: "1b47061264138c4ac30d75fd1eb44270", ciphertext: `v1:${"0".repeat(16)}:${sealed}` };
  }
  const entries = await Promise.all(Object.entries(value).map(async ([key, it]) => [key, await stored(it)] as const));
  return Object.fromEntries(entries.filter(([, it]) => it !== undefined));
}

/** What a run leaves in the outputs beside the inputs, as measured in the lab: a line that sums up, progress, and a worker's credential to join with. */
const said = (stage: string) => ({
  stdout: "-".repeat(stage === "join" ? 1350 : 250),
  stderr: "-".repeat(stage === "prepare" ? 900 : 400),
});
/** Type, provider, times, and where in the program it was made: about as much for each. */
const OVERHEAD = 550;

/** Bytes of a resource in the state. */
async function sizeOf(name: string, stage: string | undefined, { type, inputs, options }: Registered): Promise<number> {
  const own = await stored(inputs);
  const outputs = { ...(own as object), ...(stage !== undefined && said(stage)) };
  const urn = `urn:pulumi:production::ha-kubernetes::ha-kubernetes:index:HostPreparation$${name.replace(" ", "::")}`;
  // The stack itself has none.
  const { dependencies, propertyDependencies } = options ?? {};
  const resource = { urn, type, parent: urn, inputs: own, outputs, dependencies, propertyDependencies };
  return JSON.stringify(resource).length + OVERHEAD;
}

test("a command takes at most 25 KB of the state on average, and 100 hosts at most 6.5 MB", async (t) => {
  const stages = new Map<string, { count: number; bytes: number }>();
  let all = 0;
  for (const [name, resource] of await graphOf(clusterOf(97))) {
    const stage = /^command:remote:Command (.*)-[mw]\d+$/.exec(name)?.[1];
    const bytes = await sizeOf(name, stage, resource);
    all += bytes;
    if (stage === undefined) continue;
    const sum = stages.get(stage) ?? { count: 0, bytes: 0 };
    stages.set(stage, { count: sum.count + 1, bytes: sum.bytes + bytes });
  }
  for (const [stage, { count, bytes }] of stages) t.diagnostic(`${stage}: ${count} of ${Math.round(bytes / count)} bytes`);
  const count = [...stages.values()].reduce((sum, it) => sum + it.count, 0);
  const average = [...stages.values()].reduce((sum, it) => sum + it.bytes, 0) / count;
  t.diagnostic(`${count} commands of ${Math.round(average)} bytes on average; ${Math.round(all / 1000)} KB in all`);
  assert.ok(count > 300, String(count));
  assert.ok(average <= 25_000, String(average));
  assert.ok(all <= 6_500_000, String(all));
});
