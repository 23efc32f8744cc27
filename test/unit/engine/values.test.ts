import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Crypter, WrongPassphrase } from "../../../engine/crypto.ts";
import { lineDiff } from "../../../engine/diff.ts";
import { changedPaths, covers, ignoreChanges, parsePath } from "../../../engine/paths.ts";
import { unknown } from "../../../engine/providers/provider.ts";
import { Redactor } from "../../../engine/redact.ts";
import { formerUrns, makeUrn, nameOf, qualifiedType, typeOf } from "../../../engine/urn.ts";
import {
  decode,
  encodeForProgram,
  encodeForState,
  encodeHidden,
  hasSecret,
  markLike,
  plain,
  reuseSecrets,
  Secret,
  same,
  type Tracked,
} from "../../../engine/values.ts";

const crypter = await Crypter.create("passphrase");
const key = fc.stringMatching(/^[a-z]{1,3}$/);
const { tracked } = fc.letrec<{ tracked: Tracked; clear: Tracked }>((tie) => ({
  clear: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, true, false),
    fc.integer(),
    fc.string(),
    fc.array(tie("clear"), { maxLength: 3 }),
    fc.dictionary(key, tie("clear"), { maxKeys: 3, noNullPrototype: true }),
  ),
  tracked: fc.oneof(
    { maxDepth: 3 },
    tie("clear"),
    tie("clear").map((value) => new Secret(value)),
    fc.array(tie("tracked"), { maxLength: 3 }),
    fc.dictionary(key, tie("tracked"), { maxKeys: 3, noNullPrototype: true }),
  ),
}));

test("values come back from the program's form and from the state's, with their secrets", () =>
  fc.assert(
    fc.property(tracked, (value) => {
      assert.deepEqual(decode(encodeForProgram(value)), value);
      const written = encodeForState(value, (text) => crypter.encrypt(text));
      assert.deepEqual(
        decode(JSON.parse(JSON.stringify(written)), (text) => crypter.decrypt(text)),
        value,
      );
      // What did not change is written as it was.
      assert.deepEqual(
        encodeForState(reuseSecrets(decode(encodeForProgram(value)), value), (text) => crypter.encrypt(text)),
        written,
      );
      assert.equal(hasSecret(encodeHidden(value) as Tracked), false);
    }),
  ));

test("secrets come back to where they were after a provider saw them in clear", () =>
  fc.assert(fc.property(tracked, (value) => assert.deepEqual(markLike(plain(value), value), value))));

test("a list that changed its length and held a secret is secret as a whole", () => {
  assert.deepEqual(markLike([1, 2, 3], [new Secret(1), 2]), new Secret([1, 2, 3]));
  assert.deepEqual(markLike([1, 2, 3], [1, 2]), [1, 2, 3]);
});

test("same looks through secrets; unknown differs from everything", () => {
  fc.assert(fc.property(tracked, (value) => assert.ok(same(value, plain(value)))));
  assert.equal(same({ a: unknown }, { a: unknown }), false);
  assert.equal(same({ a: 1 }, { a: 1, b: null }), false);
});

test("assets and output values are refused by name", () => {
  for (const [signature, name] of [
    ["c44067f5952c0a294b673a41bacd8c17", "assets"],
    ["0def7320c3a5731c473e5ecbe6d01bc7", "archives"],
    ["d0e6a833031e9bbcd3f4e8bde6ca49a4", "output values"],
  ] as const) {
    assert.throws(() => decode({ x: [{ "4dabf18193072939515e22adb298388d": signature }] }), new RegExp(name));
  }
});

test("a key made again from its salt opens what was encrypted; another passphrase and a changed text do not", async () => {
  const again = await Crypter.open("passphrase", crypter.salt);
  const ciphertext = crypter.encrypt("some ünicode text");
  assert.equal(again.decrypt(ciphertext), "some ünicode text");
  assert.notEqual(crypter.encrypt("x"), crypter.encrypt("x"));
  await assert.rejects(Crypter.open("other", crypter.salt), WrongPassphrase);
  const bytes = Buffer.from(ciphertext.split(":")[2] ?? "", "base64");
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  assert.throws(() => crypter.decrypt(`${ciphertext.split(":").slice(0, 2).join(":")}:${bytes.toString("base64")}`));
});

test("property paths are read, and a text that is none is refused", () => {
  for (const [text, path] of [
    ["a", ["a"]],
    ["a.b[0].c", ["a", "b", 0, "c"]],
    ["a[*]", ["a", "*"]],
    ["*", ["*"]],
    ['a["b.c"]', ["a", "b.c"]],
    ["[1]", [1]],
  ] as const) {
    assert.deepEqual(parsePath(text), path);
  }
  for (const text of ["a..b", "a[", "a[x]", ".a"]) assert.throws(() => parsePath(text), /is no property path/);
});

test("ignoreChanges puts back what was there, removes what is new and returns what went", () => {
  const before = { a: { x: 1, y: 2 }, list: [1, 2], gone: 1 };
  const now = { a: { x: 5, y: 6 }, list: [3, 4, 5], fresh: 1 };
  assert.deepEqual(ignoreChanges(now, before, ["a.x"]), { ...now, a: { x: 1, y: 6 } });
  assert.deepEqual(ignoreChanges(now, before, ["list[*]"]), { ...now, list: [1, 2, 5] });
  assert.deepEqual(ignoreChanges(now, before, ["gone", "fresh"]), { a: now.a, list: now.list, gone: 1 });
  assert.deepEqual(ignoreChanges({ s: new Secret({ a: 1, b: 2 }) }, { s: new Secret({ a: 0, b: 0 }) }, ["s.a"]), {
    s: new Secret({ a: 0, b: 2 }),
  });
  const map = fc.dictionary(key, tracked, { noNullPrototype: true, maxKeys: 4 });
  fc.assert(fc.property(map, map, (a, b) => assert.deepEqual(ignoreChanges(a, b, ["*"]), b)));
});

test("changed paths are the deepest that differ, and patterns cover what lies below them", () => {
  assert.deepEqual(changedPaths({ a: { b: [1, 2] }, c: 1 }, { a: { b: [1, 3] }, c: 1 }), [["a", "b", 1]]);
  assert.deepEqual(changedPaths({ a: 1 }, { b: 1 }), [["a"], ["b"]]);
  assert.deepEqual(changedPaths({ a: new Secret(1) }, { a: 1 }), []);
  fc.assert(fc.property(tracked, (value) => assert.deepEqual(changedPaths(value, value), [])));
  assert.ok(covers(parsePath("a[*]"), ["a", 3, "x"]));
  assert.ok(!covers(parsePath("a[*]"), ["a"]));
  assert.ok(covers(parsePath("*"), ["anything"]));
});

test("URNs carry the parents' types, and former ones follow aliases of the parent", () => {
  const parent = makeUrn("s", "p", "x:y:Group", "team");
  const urn = makeUrn("s", "p", "a:b:Thing", "team-one", parent);
  assert.equal(urn, "urn:pulumi:s::p::x:y:Group$a:b:Thing::team-one");
  assert.deepEqual([qualifiedType(urn), typeOf(urn), nameOf(urn)], ["x:y:Group$a:b:Thing", "a:b:Thing", "team-one"]);
  assert.equal(nameOf(makeUrn("s", "p", "a:b:C", "with::colons")), "with::colons");
  const root = makeUrn("s", "p", "pulumi:pulumi:Stack", "p-s");
  assert.equal(makeUrn("s", "p", "a:b:C", "n", root), "urn:pulumi:s::p::a:b:C::n");
  const place = { stack: "s", project: "p", type: "a:b:Thing", name: "team-one", parent };
  const former = makeUrn("s", "p", "x:y:Group", "group");
  assert.deepEqual(formerUrns(place, [], new Map([[parent, former]])), ["urn:pulumi:s::p::x:y:Group$a:b:Thing::group-one"]);
  assert.deepEqual(formerUrns(place, [{ name: "old" }, { parent: null }, { type: "a:b:Old" }, { urn: "urn:x" }], new Map()), [
    "urn:pulumi:s::p::x:y:Group$a:b:Thing::old",
    "urn:pulumi:s::p::a:b:Thing::team-one",
    "urn:pulumi:s::p::x:y:Group$a:b:Old::team-one",
    "urn:x",
  ]);
});

test("a line diff accounts for every line that went or came, and for none that stayed", () => {
  const lines = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 12 });
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      const diff = lineDiff(before, after);
      const removed = diff.filter((line) => line.startsWith("-")).length;
      const added = diff.filter((line) => line.startsWith("+")).length;
      assert.equal(before.length - removed + added, after.length);
      for (const line of diff) assert.ok((line.startsWith("- ") ? before : after).some((one) => one === line.slice(2)));
    }),
  );
  assert.deepEqual(lineDiff(["a", "b", "c"], ["a", "x", "c"]), ["- b", "+ x"]);
  assert.deepEqual(lineDiff(["a"], ["a"]), []);
});

test("known secrets are hidden wherever they stand, their lines too, PEM frames and short words not", () => {
  const redactor = new Redactor();
  redactor.learn({
    a: [new Secret("first-secret-text"), new Secret({ deep: "-----BEGIN KEY-----\nabcdefghijkl\n-----END KEY-----\n" })],
    b: new Secret("yes"),
  });
  assert.equal(redactor.hide("x first-secret-text y"), "x [secret] y");
  assert.equal(redactor.hide("  abcdefghijkl"), "  [secret]");
  assert.equal(redactor.hide("-----BEGIN KEY----- yes"), "-----BEGIN KEY----- yes");
});

test("of a connection only its credentials are hidden: errors name the host", () => {
  const redactor = new Redactor();
  const connection = {
    host: "host-1.example",
    password: "open-sesame",
    proxy: { host: "proxy.example", privateKey: "proxy-key-text" },
  };
  redactor.learn({ connection: new Secret(connection, ["password", "privateKey"]) });
  assert.equal(
    redactor.hide("host-1.example proxy.example open-sesame proxy-key-text"),
    "host-1.example proxy.example [secret] [secret]",
  );
});
