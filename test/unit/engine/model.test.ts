import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { existing, type Program, read, run, type Thing, World } from "./world.ts";

// Random programs and edits, run by the engine and by a small model of what must happen and in which order.

interface Plan {
  value: number;
  key: string;
  /** Indexes of earlier things. */
  uses: number[];
  after: number[];
  fragile: boolean;
  first: boolean;
  there: boolean;
}

const size = 6;
/** Samples of each property; RUNS raises it for a long look. */
const runs = Number(process.env.RUNS ?? 150);
const plan = fc.record<Plan>({
  value: fc.nat(1),
  key: fc.constantFrom("k", "l"),
  uses: fc.uniqueArray(fc.nat(size - 1), { maxLength: 2 }),
  after: fc.uniqueArray(fc.nat(size - 1), { maxLength: 2 }),
  fragile: fc.boolean(),
  first: fc.boolean(),
  there: fc.boolean(),
});
const plans = fc.array(plan, { minLength: size, maxLength: size });
const parallel = fc.constantFrom(1, 2, 8);

const nameOf = (index: number) => `t${index}`;

/** The program of a plan: a thing needs earlier things only, and only such as are there. */
function programOf(all: Plan[]): Program {
  const things = all.flatMap((one, index): Thing[] => {
    if (!one.there) return [];
    const earlier = (list: number[]) => list.filter((other) => other < index && all[other]?.there).map(nameOf);
    const { value, key, fragile, first } = one;
    return [
      {
        name: nameOf(index),
        ...{ value, key, fragile },
        uses: earlier(one.uses),
        after: earlier(one.after),
        options: { deleteBeforeReplace: first },
      },
    ];
  });
  return { things };
}

const outputOf = (thing: Thing) => `${thing.name}:${JSON.stringify(thing.value)}:${thing.key}`;

/**
 * What an edit must do to each thing. `any`: it used what is now deleted first and does not need it any more, so that either of
 * the two may come first.
 */
type Fate = "create" | "same" | "update" | "replace" | "replace, old first" | "delete" | "any";

/** Whether a thing needs another, directly or through others. */
function reaches(things: Map<string, Thing>, from: string, to: string): boolean {
  const { uses = [], after = [] } = things.get(from) ?? { name: from };
  return [...uses, ...after].some((other) => other === to || reaches(things, other, to));
}

function fates(before: Program, now: Program): Map<string, Fate> {
  const old = new Map(before.things.map((thing) => [thing.name, thing]));
  const next = new Map(now.things.map((thing) => [thing.name, thing]));
  const inputs = (thing: Thing, from: Map<string, Thing>) => {
    const uses = (thing.uses ?? []).map((name) => outputOf(from.get(name) as Thing));
    return { value: thing.value, fragile: thing.fragile, key: thing.key, uses: uses.length > 0 ? uses : undefined };
  };
  const result = new Map<string, Fate>();
  const early = new Map<string, Fate>();
  for (const thing of now.things) {
    const was = old.get(thing.name);
    if (was === undefined) {
      result.set(thing.name, "create");
      continue;
    }
    const fate = early.get(thing.name);
    if (fate !== undefined) {
      result.set(thing.name, fate);
      continue;
    }
    const [a, b] = [inputs(was, old), inputs(thing, next)];
    const usesChanged = JSON.stringify(a.uses) !== JSON.stringify(b.uses);
    const replaced = a.key !== b.key || (usesChanged && b.fragile === true);
    const updated = a.value !== b.value || a.fragile !== b.fragile || usesChanged;
    if (!replaced) {
      result.set(thing.name, updated ? "update" : "same");
      continue;
    }
    const oldFirst = thing.options?.deleteBeforeReplace === true;
    result.set(thing.name, oldFirst ? "replace, old first" : "replace");
    if (!oldFirst) continue;
    // What was fragile and used it, or used what was fragile and used it, must make way too.
    const gone = new Set([thing.name]);
    for (const other of before.things) {
      const registered = result.has(other.name) && other.name !== thing.name;
      const through = (other.uses ?? []).filter((name) => gone.has(name));
      if (registered || !other.fragile || through.length === 0) continue;
      gone.add(other.name);
      const open =
        through.some((name) => early.get(name) === "any") || (next.has(other.name) && !reaches(next, other.name, thing.name));
      if (early.get(other.name) !== "replace, old first") early.set(other.name, open ? "any" : "replace, old first");
    }
  }
  for (const { name } of before.things) if (!next.has(name)) result.set(name, early.get(name) ?? "delete");
  return result;
}

/** What the log must hold for a thing's fate, in this order. */
const happenings: Record<Exclude<Fate, "any">, (name: string, stays: boolean) => string[]> = {
  create: (name) => [`+ ${name}`],
  same: () => [],
  update: (name) => [`~ ${name}`],
  replace: (name) => [`+ ${name}`, `- ${name}`],
  "replace, old first": (name, stays) => (stays ? [`- ${name}`, `+ ${name}`] : [`- ${name}`]),
  delete: (name) => [`- ${name}`],
};

/** Checks the order between things: what is made comes after what it needs, what goes before what it needed. */
function checkOrder(log: readonly string[], before: Program, now: Program, done: Map<string, Fate>): void {
  const made = (name: string) => Math.max(log.indexOf(`+ ${name}`), log.indexOf(`~ ${name}`));
  for (const { name, uses = [], after = [] } of now.things) {
    if (made(name) < 0) continue;
    for (const other of [...uses, ...after]) assert.ok(made(other) < made(name), `${other} is made before ${name}: ${log}`);
  }
  const last = (name: string) => log.lastIndexOf(`- ${name}`);
  const late = (name: string) => done.get(name) === "delete" || done.get(name) === "replace";
  const lastMade = Math.max(...log.map((line, index) => (line.startsWith("-") ? -1 : index)));
  for (const { name, uses = [], after = [] } of before.things) {
    if (last(name) < 0) continue;
    if (late(name)) assert.ok(last(name) > lastMade, `${name} goes after everything is made: ${log}`);
    for (const other of [...uses, ...after]) {
      if (late(name) && late(other)) assert.ok(last(name) < last(other), `${name} goes before ${other}: ${log}`);
    }
  }
}

const checkDone = (log: readonly string[], expected: Map<string, Fate>, now: Program) => {
  for (const [name, fate] of expected) {
    if (fate === "any") continue;
    const stays = now.things.some((thing) => thing.name === name);
    assert.deepEqual(
      log.filter((line) => line.endsWith(` ${name}`)),
      happenings[fate](name, stays),
      `${name} has the fate ${fate}: ${log}`,
    );
  }
};

test("any edit of any program does what the model says, in the model's order, and a preview says the same", () =>
  fc.assert(
    fc.asyncProperty(plans, plans, parallel, async (one, two, slots) => {
      const world = new World();
      const [before, now] = [programOf(one), programOf(two)];
      const first = await run(world, before, { parallel: slots });
      assert.deepEqual(existing(world), before.things.map(({ name }) => name).sort());
      const expected = fates(before, now);
      const preview = await run(world, now, { state: first.state, preview: true, parallel: slots });
      assert.deepEqual(preview.log, []);
      const { log, state, steps } = await run(world, now, { state: first.state, parallel: slots });
      checkDone(log, expected, now);
      checkOrder(log, before, now, expected);
      assert.deepEqual(existing(world), now.things.map(({ name }) => name).sort());
      // A preview can't know that an output stays as it is: it may show more, never less.
      const shown = new Set(preview.steps.map((step) => step.split(" ").at(-1)));
      for (const step of steps) assert.ok(shown.has(step.split(" ").at(-1)), `${step} is shown: ${preview.steps}`);
      const again = await run(world, now, { state, parallel: slots });
      assert.deepEqual(again.log, []);
      const gone = await run(world, now, { state: again.state, destroy: true, parallel: slots });
      assert.deepEqual(gone.state, []);
      assert.deepEqual(existing(world), []);
      const last = (name: string) => gone.log.indexOf(`- ${name}`);
      for (const { name, uses = [], after = [] } of now.things) {
        for (const other of [...uses, ...after]) assert.ok(last(name) < last(other), `${name} goes before ${other}: ${gone.log}`);
      }
    }),
    { numRuns: runs },
  ));

test("after any failures, runs without one come to the same end, and nothing is lost or made twice", () =>
  fc.assert(
    fc.asyncProperty(plans, plans, fc.array(fc.nat(size - 1), { maxLength: 3 }), parallel, async (one, two, failing, slots) => {
      const world = new World();
      const [before, now] = [programOf(one), programOf(two)];
      let { state } = await run(world, before, { parallel: slots });
      for (const index of failing) world.failing.add(nameOf(index));
      const broken = await run(world, now, { state, parallel: slots });
      world.failing.clear();
      state = broken.state;
      const mended = await run(world, now, { state, parallel: slots });
      assert.equal(mended.failed, false, mended.errors.join());
      assert.deepEqual(existing(world), now.things.map(({ name }) => name).sort());
      assert.deepEqual((await run(world, now, { state: mended.state, parallel: slots })).log, []);
    }),
    { numRuns: runs },
  ));

test("from every state that was saved on the way, the next run comes to the same end", () =>
  fc.assert(
    fc.asyncProperty(plans, plans, fc.nat(100), async (one, two, at) => {
      const world = new World();
      const [before, now] = [programOf(one), programOf(two)];
      const { state } = await run(world, before);
      // The engine is killed right after one of its saves.
      const outcome = await run(world, now, { state });
      fc.pre(outcome.saved.length > 0);
      const saved = read(outcome.saved[at % outcome.saved.length] ?? "");
      const blind = new World();
      blind.adopt(saved);
      const resumed = await run(blind, now, { state: saved });
      assert.equal(resumed.failed, false, resumed.errors.join());
      const { log } = await run(blind, now, { state: resumed.state });
      assert.deepEqual(log, []);
      assert.deepEqual(existing(blind), now.things.map(({ name }) => name).sort());
    }),
    { numRuns: runs },
  ));
