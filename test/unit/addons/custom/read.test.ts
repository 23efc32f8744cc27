import assert from "node:assert/strict";
import { test } from "node:test";
import { readManifest } from "../../../../addons/custom/read.ts";

const objectsOf = (text: string) => {
  const read = readManifest(text);
  if ("fault" in read) throw new Error(read.fault);
  return read.objects;
};
const faultOf = (text: string) => {
  const read = readManifest(text);
  return "fault" in read ? read.fault : undefined;
};
const configMap = (more: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n${more}`;

test("a manifest has the values that kubectl reads: modes are octal, yes and off are truth values, quoted ones stay texts", () => {
  const [{ data } = { data: undefined }] = objectsOf(
    configMap(`data: {mode: 0644, more: 0o17, yes: yes, off: Off, text: "yes", time: 12:30:45, none: ~, number: 10}`),
  );
  assert.deepEqual(data, {
    mode: 420,
    more: 15,
    true: true,
    false: false,
    text: "yes",
    time: "12:30:45",
    none: null,
    number: 10,
  });
});

test("documents, JSON and lists are opened, empty ones left out, anchors merged", () => {
  const text = [
    "---\n# nothing\n---\n",
    configMap("x: &x {b: 1}\ndata: {<<: *x, c: 2}\n---\n"),
    '{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}]}\n',
  ];
  const objects = objectsOf(text.join(""));
  assert.deepEqual(
    objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
    ["ConfigMap a", "Pod p"],
  );
  assert.deepEqual(objects[0]?.data, { b: 1, c: 2 });
  assert.deepEqual(objectsOf(""), []);
});

for (const [text, fault] of [
  ["a: [", /flow/i],
  ["a: 1\na: 2", /unique/],
  ["just words", "document 1 is not a mapping"],
  [`${configMap("")}---\nkind: Pod`, "document 2 has no apiVersion"],
  ["apiVersion: v1\nmetadata: {name: a}", "document 1 has no kind"],
  ["apiVersion: v1\nkind: Pod\nmetadata: {generateName: a-}", "document 1 is a Pod without metadata.name"],
  ["apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: 7}", "document 1 is a Pod whose metadata.namespace is not a text"],
] as const) {
  test(`refused: ${JSON.stringify(text)}`, () => {
    const found = faultOf(text);
    if (typeof fault === "string") assert.equal(found, fault);
    else assert.match(found ?? "", fault);
  });
}
