import assert from "node:assert/strict";
import { test } from "node:test";
import { existing, type Program, run, secret, thingType, urnOf, World } from "./world.ts";

const things = (...list: Program["things"]): Program => ({ things: list });
const before = (log: readonly string[], first: string, second: string) => {
  assert.ok(log.includes(first) && log.includes(second), `${log} has ${first} and ${second}`);
  assert.ok(log.indexOf(first) < log.indexOf(second), `${first} comes before ${second} in ${log}`);
};

test("creates by dependency, then nothing, then deletes in reverse", async () => {
  const world = new World();
  const program = things({ name: "a", value: 1 }, { name: "b", uses: ["a"] }, { name: "c", after: ["b"] });
  const first = await run(world, program);
  assert.deepEqual(first.log, ["+ a", "+ b", "+ c"]);
  const second = await run(world, program, { state: first.state });
  assert.deepEqual(second.log, []);
  assert.deepEqual(second.steps, ["same a", "same b", "same c"]);
  const gone = await run(world, program, { state: second.state, destroy: true });
  assert.deepEqual(gone.log, ["- c", "- b", "- a"]);
  assert.deepEqual(gone.state, []);
});

test("what does not depend on each other runs at once; --parallel 1 runs one at a time", async () => {
  const program = things({ name: "a" }, { name: "b" }, { name: "c", uses: ["a"] }, { name: "d", uses: ["b"] });
  for (const [parallel, most] of [
    [8, 2],
    [1, 1],
  ] as const) {
    const world = new World();
    let [now, seen] = [0, 0];
    world.during = async () => {
      seen = Math.max(seen, ++now);
      await new Promise(setImmediate);
      await new Promise(setImmediate);
      now--;
    };
    const { state } = await run(world, program, { parallel });
    await run(world, program, { parallel, state, destroy: true });
    assert.equal(seen, most);
    assert.deepEqual(existing(world), []);
  }
});

test("an update runs in place, and in what uses it only where its output changes", async () => {
  const world = new World();
  const chain = (value: number) => things({ name: "a", value }, { name: "b", uses: ["a"] }, { name: "c", uses: ["b"] });
  const { state } = await run(world, chain(1));
  const changed = await run(world, chain(2), { state });
  assert.deepEqual(changed.log, ["~ a", "~ b"]);
  assert.deepEqual(changed.steps, ["update a", "update b", "same c"]);
});

test("replaces: the new one first, the old one at the end", async () => {
  const world = new World();
  const keyed = (key: string) => things({ name: "a", key }, { name: "b", uses: ["a"] });
  const { state } = await run(world, keyed("1"));
  const { log } = await run(world, keyed("2"), { state });
  assert.deepEqual(log, ["+ a", "~ b", "- a"]);
  assert.deepEqual(existing(world), ["a", "b"]);
});

test("replaces with deleteBeforeReplace: what must go with it goes first, and comes back", async () => {
  const world = new World();
  const keyed = (key: string) =>
    things(
      { name: "a", key, options: { deleteBeforeReplace: true } },
      { name: "fragile", uses: ["a"], fragile: true },
      { name: "far", uses: ["fragile"], fragile: true },
      { name: "sturdy", uses: ["a"] },
      { name: "after", after: ["a"] },
    );
  const { state } = await run(world, keyed("1"));
  const { log, steps } = await run(world, keyed("2"), { state });
  assert.deepEqual(log.slice(0, 4), ["- far", "- fragile", "- a", "+ a"]);
  before(log, "+ fragile", "+ far");
  assert.ok(log.includes("~ sturdy"));
  assert.ok(steps.includes("same after"));
  assert.deepEqual(existing(world), ["a", "after", "far", "fragile", "sturdy"]);
});

test("a resource that depends on a component waits for nothing else, and goes before its children", async () => {
  const world = new World();
  const program: Program = {
    components: [{ name: "outer" }, { name: "inner", in: "outer" }],
    things: [
      { name: "x", in: "inner" },
      { name: "y", in: "outer" },
      { name: "last", after: ["x", "y"] },
    ],
  };
  const { state, log } = await run(world, program);
  assert.equal(log.at(-1), "+ last");
  assert.equal(
    state.find(({ urn }) => urn.endsWith("::x"))?.urn.includes("test:index:Component$test:index:Component$test:index:Thing"),
    true,
  );
  const gone = await run(world, program, { state, destroy: true });
  assert.equal(gone.log[0], "- last");
});

test("what the program no longer registers goes after everything else, dependents first", async () => {
  const world = new World();
  const { state } = await run(world, things({ name: "a" }, { name: "b", uses: ["a"] }, { name: "keep", value: 1 }));
  const { log } = await run(world, things({ name: "keep", value: 2 }), { state });
  assert.deepEqual(log, ["~ keep", "- b", "- a"]);
});

test("a failure: nothing new starts, what runs goes on and is recorded, the error names the resource", async () => {
  const world = new World();
  world.failing.add("bad");
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  world.during = async (happening) => {
    if (happening === "+ slow") await held;
    if (happening === "+ bad") setImmediate(release);
  };
  const program = things({ name: "slow" }, { name: "bad" }, { name: "next", uses: ["slow"] }, { name: "never", uses: ["bad"] });
  const outcome = await run(world, program);
  assert.equal(outcome.failed, true);
  assert.deepEqual(outcome.errors, ["bad fails"]);
  assert.deepEqual(outcome.log, ["+ slow", "+ bad"]);
  assert.ok(outcome.state.some(({ urn }) => urn === urnOf("slow")));
  assert.ok(!outcome.state.some(({ urn }) => urn === urnOf("bad")));
  world.failing.clear();
  const again = await run(world, program, { state: outcome.state });
  assert.deepEqual([...again.log].sort(), ["+ bad", "+ never", "+ next"]);
});

test("a failing update keeps the old state, a failing delete keeps the resource and what it needs", async () => {
  const world = new World();
  const program = (value: number) => things({ name: "a", value }, { name: "b", uses: ["a"] });
  const { state } = await run(world, program(1));
  world.failing.add("a");
  const update = await run(world, program(2), { state });
  assert.deepEqual(update.state.find(({ urn }) => urn === urnOf("a"))?.inputs, { value: 1 });
  world.failing.clear();
  world.failing.add("b");
  const gone = await run(world, program(1), { state: update.state, destroy: true });
  assert.deepEqual(gone.log, ["- b"]);
  assert.ok(gone.state.some(({ urn }) => urn === urnOf("a")));
  world.failing.clear();
  const rest = await run(world, program(1), { state: gone.state, destroy: true });
  assert.deepEqual(rest.log, ["- b", "- a"]);
});

test("stop: what runs is finished and recorded, nothing new starts", async () => {
  const world = new World();
  const outcome = await run(world, things({ name: "a" }, { name: "b", uses: ["a"] }), {
    with: (deployment) => {
      world.during = async () => deployment.stop();
    },
  });
  assert.deepEqual(outcome.log, ["+ a"]);
  assert.equal(outcome.failed, false);
  assert.ok(outcome.state.some(({ urn }) => urn === urnOf("a")));
});

test("protect refuses to delete and to replace, and lets everything else be", async () => {
  const world = new World();
  const safe = (key: string) => things({ name: "a", key, options: { protect: true } }, { name: "b" });
  const { state } = await run(world, safe("1"));
  for (const [program, destroy] of [
    [things({ name: "b" }), false],
    [safe("2"), false],
    [safe("1"), true],
  ] as const) {
    const outcome = await run(world, program, { state, destroy });
    assert.equal(outcome.failed, true);
    assert.match(outcome.errors.join(), /a is protected/);
    assert.deepEqual(outcome.log, []);
  }
  const preview = await run(world, things({ name: "new" }), { state, preview: true });
  assert.equal(preview.failed, true);
  assert.ok(preview.steps.includes("create new"));
  const freed = await run(world, things({ name: "a", key: "1" }, { name: "b" }), { state });
  assert.deepEqual((await run(world, things(), { state: freed.state })).log.sort(), ["- a", "- b"]);
});

test("retainOnDelete forgets without deleting; children take it, protect and deletedWith from their parent", async () => {
  const world = new World();
  const kept: Program = {
    components: [{ name: "c", options: { retainOnDelete: true } }],
    things: [{ name: "a", in: "c" }, { name: "b" }],
  };
  const { state } = await run(world, kept);
  const gone = await run(world, kept, { state, destroy: true });
  assert.deepEqual(gone.log, ["- b"]);
  assert.deepEqual(gone.state, []);
  assert.deepEqual(existing(world), ["a"]);
});

test("deletedWith: no delete when the other goes too, a delete when it stays", async () => {
  const world = new World();
  const both = things({ name: "machine", key: "1" }, { name: "on", goesWith: "machine" }, { name: "off" });
  const { state } = await run(world, both);
  const alone = await run(world, things({ name: "machine", key: "1" }, { name: "off" }), { state });
  assert.deepEqual(alone.log, ["- on"]);
  const again = await run(world, both, { state: alone.state });
  const gone = await run(world, both, { state: again.state, destroy: true });
  assert.deepEqual(gone.log.sort(), ["- machine", "- off"]);
  assert.deepEqual(gone.state, []);
});

test("deletedWith alone does not replace, as with the CLI", async () => {
  const world = new World();
  const both = (key: string) =>
    things({ name: "machine", key, options: { deleteBeforeReplace: true } }, { name: "on", goesWith: "machine" });
  const { state } = await run(world, both("1"));
  assert.deepEqual((await run(world, both("2"), { state })).log, ["- machine", "+ machine"]);
});

test("ignoreChanges keeps the last inputs; what is made anew takes the new ones", async () => {
  const world = new World();
  const ignoring = (value: object, key: string) =>
    things({ name: "a", value: value as never, key, options: { ignoreChanges: ["value.x", "value.list[*]"] } });
  const { state } = await run(world, ignoring({ x: 1, y: 1, list: [1, 2] }, "1"));
  const none = await run(world, ignoring({ x: 2, y: 1, list: [3, 4] }, "1"), { state });
  assert.deepEqual(none.log, []);
  const some = await run(world, ignoring({ x: 2, y: 2, list: [3, 4] }, "1"), { state: none.state });
  assert.deepEqual(some.log, ["~ a"]);
  assert.deepEqual(some.state.find(({ urn }) => urn === urnOf("a"))?.inputs.value, { x: 1, y: 2, list: [1, 2] });
  const anew = await run(world, ignoring({ x: 3, y: 2, list: [5, 6] }, "2"), { state: some.state });
  assert.deepEqual(anew.log, ["+ a", "- a"]);
  assert.deepEqual(anew.state.find(({ urn }) => urn === urnOf("a"))?.inputs.value, { x: 3, y: 2, list: [5, 6] });
});

test("replaceOnChanges replaces where an update would do", async () => {
  const world = new World();
  const wanting = (value: object) =>
    things({ name: "a", value: value as never, options: { replaceOnChanges: ["value.list[*]"] } });
  const { state } = await run(world, wanting({ list: [1], x: 1 }));
  const updated = await run(world, wanting({ list: [1], x: 2 }), { state });
  assert.deepEqual(updated.log, ["~ a"]);
  assert.deepEqual((await run(world, wanting({ list: [2], x: 2 }), { state: updated.state })).log, ["+ a", "- a"]);
});

test("aliases: a new name, a new parent and a renamed component with its children run nothing", async () => {
  const world = new World();
  const { state } = await run(world, {
    components: [{ name: "group" }],
    things: [{ name: "a" }, { name: "group-b", in: "group" }, { name: "c", uses: ["a"] }],
  });
  const moved = await run(
    world,
    {
      components: [{ name: "team", options: { aliases: [{ name: "group" }] } }],
      things: [
        { name: "renamed", options: { aliases: [{ name: "a" }] } },
        { name: "team-b", in: "team" },
        { name: "c", in: "team", uses: ["renamed"], options: { aliases: [{ parent: null }] } },
      ],
    },
    { state },
  );
  // The output of a thing holds its name, so only what uses the renamed one may change.
  assert.deepEqual(moved.log, []);
  assert.ok(!moved.state.some(({ urn }) => urn.includes("group")));
});

test("unknowns in a preview: what depends on a new or changed thing shows it, nothing runs", async () => {
  const world = new World();
  const program = (value: number) =>
    things({ name: "a", value }, { name: "b", uses: ["a"] }, { name: "c", uses: ["b"], fragile: true });
  const fresh = await run(world, program(1), { preview: true });
  assert.deepEqual(fresh.steps, ["create a", "create b", "create c"]);
  const { state } = await run(world, program(1));
  const changed = await run(world, program(2), { state, preview: true });
  assert.deepEqual(changed.steps, ["update a", "update b", "replace c", "delete replaced c"]);
  assert.deepEqual(changed.log, []);
});

test("secrets: marked in inputs, in outputs of the same name and in named outputs, encrypted in every saved state", async () => {
  const world = new World();
  const program: Program = {
    things: [
      {
        name: "a",
        value: { clear: "seen", hidden: secret("s3cret-one") } as never,
        options: { additionalSecretOutputs: ["out"] },
      },
      { name: "b", value: "b", options: { additionalSecretOutputs: ["out"] } },
      { name: "c", uses: ["b"] },
    ],
    outputs: { all: [secret("s3cret-two"), "seen"] },
  };
  const outcome = await run(world, program);
  for (const text of outcome.saved)
    for (const word of ["s3cret-one", "s3cret-two", 'b:\\"b']) assert.ok(!text.includes(word), word);
  assert.ok(outcome.text.includes('"seen"'));
  const again = await run(world, program, { state: outcome.state });
  assert.deepEqual(again.log, []);
  assert.equal(withoutManifest(again.text), withoutManifest(outcome.text));
});

const withoutManifest = (text: string) => text.replace(/"manifest":\{[^}]*\}/, "");

test("a step is recorded as begun before it runs, as done before the next one", async () => {
  const world = new World();
  const states: string[] = [];
  const outcome = await run(world, things({ name: "a" }, { name: "b", uses: ["a"] }), {
    with: (deployment) => {
      world.during = async (happening) => {
        const { resources, pending } = deployment.snapshot();
        const names = (list: readonly { urn: string; type: string }[]) =>
          list.filter(({ type }) => type === thingType).map(({ urn }) => urn.split("::").at(-1));
        states.push(`${happening}: ${names(resources)} | ${names(pending.map(({ resource }) => resource))}`);
      };
    },
  });
  assert.deepEqual(states, ["+ a:  | a", "+ b: a | b"]);
  assert.match(outcome.saved[0] ?? "", /"pending_operations":\[\{"resource":\{"urn":"[^"]*::a",.*"type":"creating"\}\]/);
});

test("refuses what it does not know, naming it", async () => {
  for (const [type, message] of [
    ["aws:ec2:Instance", /package aws .*is not known/],
    ["test:index:Other", /resource type test:index:Other is not known/],
    ["pulumi:providers:test", /providers made by the program/],
  ] as const) {
    const outcome = await run(new World(), things({ name: "x", options: { type } }));
    assert.equal(outcome.failed, true);
    assert.match(outcome.errors.join(), message);
  }
  const twice = await run(new World(), things({ name: "x" }, { name: "x" }));
  assert.match(twice.errors.join(), /registers test:index:Thing x twice/);
  const invalid = await run(new World(), things({ name: "x", value: "invalid" }));
  assert.deepEqual(invalid.errors, ["x: value: is invalid"]);
});
