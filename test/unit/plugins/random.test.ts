import assert from "node:assert/strict";
import { test } from "node:test";
import bcrypt from "bcryptjs";
import fc from "fast-check";
import type { Context, ResourceType } from "../../../plugins/provider.ts";
import { provider } from "../../../plugins/random.ts";
import { type Properties, unknown } from "../../../plugins/value.ts";

const context: Context = { name: "thing", log: () => {}, signal: new AbortController().signal };

const typeOf = (name: string): ResourceType => {
  const type = provider.types[`random:index/r${name.slice(1)}:${name}`];
  assert.ok(type);
  return type;
};

const make = async (name: string, inputs: Properties) => (await typeOf(name).create(inputs, context)).outputs;
const failures = async (name: string, inputs: Properties) =>
  (await typeOf(name).check?.(inputs, {}, context))?.failures?.map(({ property }) => property);

const kinds = { upper: /[A-Z]/g, lower: /[a-z]/g, numeric: /[0-9]/g, special: /[!@#$%&*()\-_=+[\]{}<>:?]/g };
const kindNames = ["upper", "lower", "numeric", "special"] as const;
const minimumOf = (kind: string) => `min${kind[0]?.toUpperCase()}${kind.slice(1)}`;

test("a string has its length, only kinds of characters that are on or required, and the minimum of each", () =>
  fc.assert(
    fc.asyncProperty(
      fc.record(Object.fromEntries(kindNames.map((kind) => [kind, fc.record({ on: fc.boolean(), minimum: fc.nat(4) })]))),
      fc.nat(30),
      async (wanted, more) => {
        fc.pre(kindNames.some((kind) => wanted[kind]?.on));
        const minima = kindNames.reduce((sum, kind) => sum + (wanted[kind]?.minimum ?? 0), 0);
        const inputs: Properties = {
          length: minima + more + 1,
          ...Object.fromEntries(kindNames.map((kind) => [kind, wanted[kind]?.on ?? true])),
          ...Object.fromEntries(kindNames.map((kind) => [minimumOf(kind), wanted[kind]?.minimum ?? 0])),
        };
        assert.deepEqual(await failures("RandomString", inputs), []);
        const result = (await make("RandomString", inputs)).result as string;
        assert.equal(result.length, inputs.length);
        for (const kind of kindNames) {
          const count = result.match(kinds[kind])?.length ?? 0;
          const { on, minimum } = wanted[kind] ?? { on: true, minimum: 0 };
          assert.ok(on ? count >= minimum : count === minimum, `${kind}: ${count} in ${result}`);
        }
      },
    ),
    { numRuns: 200 },
  ));

test("strings differ, and required characters are not always in front", async () => {
  const inputs = { length: 8, minNumeric: 1, numeric: false, upper: false, special: false };
  const all = await Promise.all(Array.from({ length: 60 }, () => make("RandomString", inputs)));
  const results = all.map(({ result }) => result as string);
  assert.equal(new Set(results).size, results.length);
  assert.ok(new Set(results.map((result) => result.search(/[0-9]/))).size > 3);
});

test("a custom special set replaces the plugin's, including characters of several bytes", async () => {
  const { result } = await make("RandomString", {
    length: 40,
    upper: false,
    lower: false,
    numeric: false,
    overrideSpecial: "°é",
  });
  assert.match(result as string, /^[°é]{40}$/);
});

test("a password comes with its bcrypt hash, and both are secret", async () => {
  const type = typeOf("RandomPassword");
  const { id, outputs } = await type.create({ length: 100 }, context);
  assert.equal(id, "none");
  assert.equal((outputs.result as string).length, 100);
  assert.ok(await bcrypt.compare((outputs.result as string).slice(0, 72), outputs.bcryptHash as string));
  assert.deepEqual(type.secrets, ["result", "bcryptHash"]);
  assert.equal(outputs.__meta, '{"schema_version":"3"}');
});

test("bytes: both encodings are secret and not in the id, which is in clear text in the state", async () => {
  const { id, outputs } = await typeOf("RandomBytes").create({ length: 32 }, context);
  assert.equal(Buffer.from(outputs.base64 as string, "base64").toString("hex"), outputs.hex);
  assert.equal((outputs.hex as string).length, 64);
  assert.equal(id, "none");
});

test("an id's encodings agree, each with the prefix", async () => {
  const { id, outputs } = await typeOf("RandomId").create({ byteLength: 8, prefix: "p-" }, context);
  const value = Buffer.from(id, "base64url");
  assert.equal(value.length, 8);
  assert.deepEqual(
    [outputs.b64Url, outputs.b64Std, outputs.hex, outputs.dec],
    [`p-${id}`, `p-${value.toString("base64")}`, `p-${value.toString("hex")}`, `p-${value.readBigUInt64BE()}`],
  );
});

test("an integer is within its bounds, both included", async () => {
  const all = await Promise.all(Array.from({ length: 100 }, () => make("RandomInteger", { min: 3, max: 5 })));
  assert.deepEqual([...new Set(all.map(({ result }) => result))].sort(), [3, 4, 5]);
});

test("a uuid has the form of one", async () => {
  assert.match((await make("RandomUuid", {})).result as string, /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
});

test("keepers and every other input replace; defaults written out and number for numeric change nothing", async () => {
  const type = typeOf("RandomString");
  const inputs: Properties = { length: 8, keepers: { a: "1" } };
  const old = { id: "x", inputs, outputs: await make("RandomString", inputs) };
  const diff = async (changes: Properties) => type.diff?.(old, { ...inputs, ...changes }, context);
  assert.deepEqual(await diff({}), { update: [], replace: [] });
  assert.deepEqual(await diff({ special: true, minLower: 0, number: true }), { update: [], replace: [] });
  assert.deepEqual(await diff({ keepers: { a: "2" } }), { update: [], replace: ["keepers"] });
  assert.deepEqual(await diff({ keepers: { a: unknown } }), { update: [], replace: ["keepers"] });
  assert.deepEqual(await diff({ length: 9 }), { update: [], replace: ["length"] });
  assert.deepEqual(await diff({ number: false }), { update: [], replace: ["number", "numeric"] });
});

test("impossible inputs are named", async () => {
  assert.deepEqual(await failures("RandomPassword", { length: 3, minUpper: 2, minLower: 2 }), ["length"]);
  assert.deepEqual(await failures("RandomPassword", { length: 3, upper: false, lower: false, special: false, number: false }), [
    "upper",
  ]);
  assert.deepEqual(await failures("RandomPassword", { length: 0 }), ["length"]);
  assert.deepEqual(await failures("RandomInteger", { min: 2, max: 1 }), ["max"]);
  assert.deepEqual(await failures("RandomInteger", { min: 1, max: 2, seed: "x" }), ["seed"]);
  assert.deepEqual(await failures("RandomBytes", { length: unknown }), []);
});
