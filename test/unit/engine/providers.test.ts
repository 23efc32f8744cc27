import assert from "node:assert/strict";
import { test } from "node:test";
import { Deployment } from "../../../engine/deployment.ts";
import { addProvider, findProvider } from "../../../engine/providers/index.ts";
import type { Properties } from "../../../engine/providers/provider.ts";
import { projectName, stackName, World } from "./world.ts";

test("the engine knows its own packages; aws only where something taught it", async () => {
  for (const name of ["command", "random", "tls"]) assert.ok(await findProvider(name), name);
  assert.equal(await findProvider("aws"), undefined);
  const { provider } = new World();
  addProvider("taught", async () => ({ provider }));
  assert.equal(await findProvider("taught"), provider);
});

test("functions are asked with their inputs; one that is not known is refused", async () => {
  const world = new World();
  Object.assign(world.provider, { functions: { "test:index:twice": async ({ n }: Properties) => ({ n: Number(n) * 2 }) } });
  const watcher = { started: () => undefined, done: () => undefined, failed: () => undefined, log: () => undefined };
  const about = { project: projectName, stack: stackName, preview: true, parallel: 1, save: async () => undefined };
  const deployment = new Deployment({ ...about, find: async () => world.provider }, [], watcher);
  assert.deepEqual(await deployment.invoke("test:index:twice", { n: 21 }), { n: 42 });
  await assert.rejects(deployment.invoke("test:index:thrice", {}), /the function test:index:thrice is not known/);
});
