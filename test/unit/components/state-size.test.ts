import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { clusterOf, graphOf, type Registered } from "./graph.ts";

// How much of the state a cluster of 100 hosts takes. What is the same on all hosts must not travel in every command.

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

/** Bytes of inputs and outputs, and of all else that the state says of a resource. */
async function sizeOf(name: string, { type, inputs, options }: Registered): Promise<{ values: number; rest: number }> {
  const text = (it: unknown) => JSON.stringify(it, undefined, 4).length;
  const own = await stored(inputs);
  const outputs = { ...(own as object), stdout: `${name}: ${"0".repeat(80)}`, stderr: "" };
  const urn = `urn:pulumi:production::ha-kubernetes::ha-kubernetes:index:SomeComponent$${name.replace(" ", "::")}`;
  // The stack itself has none.
  const { dependencies, propertyDependencies } = options ?? {};
  const rest = {
    urn,
    custom: true,
    id: `${name}0000000000`,
    type,
    parent: urn,
    provider: urn,
    dependencies,
    propertyDependencies,
  };
  return { values: text(own) + text(outputs), rest: text(rest) };
}

test("a command takes at most 25 KB of the state on average, and 100 hosts at most 5 MB", async (t) => {
  const stages = new Map<string, { count: number; values: number; rest: number }>();
  let all = 0;
  for (const [name, resource] of await graphOf(clusterOf(97))) {
    const { values, rest } = await sizeOf(name, resource);
    all += values + rest;
    const stage = /^command:remote:Command (.*)-[mw]\d+$/.exec(name)?.[1];
    if (stage === undefined) continue;
    const sum = stages.get(stage) ?? { count: 0, values: 0, rest: 0 };
    stages.set(stage, { count: sum.count + 1, values: sum.values + values, rest: sum.rest + rest });
  }
  for (const [stage, { count, values, rest }] of stages)
    t.diagnostic(
      `${stage}: ${count} of ${Math.round(values / count)} bytes, and ${Math.round(rest / count)} of what they depend on`,
    );
  const count = [...stages.values()].reduce((sum, it) => sum + it.count, 0);
  const average = [...stages.values()].reduce((sum, it) => sum + it.values + it.rest, 0) / count;
  t.diagnostic(`${count} commands of ${Math.round(average)} bytes on average; ${Math.round(all / 1000)} KB in all`);
  assert.ok(count > 300, String(count));
  assert.ok(average <= 25_000, String(average));
  assert.ok(all <= 5_000_000, String(all));
});
