import assert from "node:assert/strict";
import { test } from "node:test";
import { Deployment } from "../../../engine/deployment.ts";
import { addProvider, findProvider } from "../../../engine/providers/index.ts";
import type { Properties, Provider } from "../../../engine/providers/provider.ts";
import { makeUrn } from "../../../engine/urn.ts";
import { existing, projectName, run, stackName, World } from "./world.ts";

test("the engine knows its own packages; aws only where something taught it", async () => {
  for (const name of ["command", "random", "tls"]) assert.ok(await findProvider(name), name);
  assert.equal(await findProvider("aws"), undefined);
  const { provider } = new World();
  addProvider("taught", async () => ({ provider }));
  assert.equal(await findProvider("taught"), provider);
});

/** A world whose provider is configured by the program; what it was configured with is kept. */
function configurable(): { world: World; seen: Properties[] } {
  const world = new World();
  const seen: Properties[] = [];
  const configure = (inputs: Properties): Provider => {
    seen.push(inputs);
    return world.provider;
  };
  Object.assign(world.provider, { configure });
  return { world, seen };
}

const urn = makeUrn(stackName, projectName, "pulumi:providers:test", "mine");
const program = (region: string) => ({
  things: [
    { name: "mine", options: { type: "pulumi:providers:test", inputs: { region } } },
    { name: "a", after: ["mine"], options: { provider: `${urn}::id` } },
    { name: "b", after: ["mine"] },
  ],
});

test("a provider that the program makes configures what names it, in up and in destroy", async () => {
  const { world, seen } = configurable();
  const up = await run(world, program("north"));
  assert.deepEqual([up.failed, existing(world)], [false, ["a", "b"]]);
  assert.deepEqual(seen, [{ region: "north" }]);
  assert.equal(up.state.find((state) => state.urn.endsWith("::a"))?.provider, `${urn}::id`);
  const moved = await run(world, program("south"), { state: up.state });
  assert.deepEqual([moved.failed, seen.at(-1)], [false, { region: "south" }]);
  seen.length = 0;
  const gone = await run(world, { things: [] }, { state: moved.state, destroy: true });
  assert.deepEqual([gone.failed, existing(world), gone.state], [false, [], []]);
  assert.deepEqual(seen, [{ region: "south" }]);
});

test("a provider that nobody made is refused by name", async () => {
  const { world } = configurable();
  const [, a] = program("north").things;
  const outcome = await run(world, { things: [{ ...a, name: "a", after: [] }] });
  assert.match(outcome.errors.join(), /the provider mine is neither in the program nor in the state/);
});

test("functions are asked with their inputs; one that is not known is refused", async () => {
  const { world } = configurable();
  Object.assign(world.provider, { functions: { "test:index:twice": async ({ n }: Properties) => ({ n: Number(n) * 2 }) } });
  const watcher = { started: () => undefined, done: () => undefined, failed: () => undefined, log: () => undefined };
  const about = { project: projectName, stack: stackName, preview: true, parallel: 1, save: async () => undefined };
  const deployment = new Deployment({ ...about, find: async () => world.provider }, [], watcher);
  assert.deepEqual(await deployment.invoke("test:index:twice", { n: 21 }), { n: 42 });
  await assert.rejects(deployment.invoke("test:index:thrice", {}), /the function test:index:thrice is not known/);
});
