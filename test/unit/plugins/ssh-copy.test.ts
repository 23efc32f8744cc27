import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assetSignature, type Properties, signature, unknown } from "../../../plugins/value.ts";
import { scratch } from "../../harness/scratch.ts";
import { connection, context, rejection, server, typeOf } from "./command-samples.ts";

const folder = scratch();

const copyType = typeOf("command:remote:CopyToRemote");
const asset = (content: { text: string } | { path: string }, hash = "h"): Properties => ({
  [signature]: assetSignature,
  hash,
  ...content,
});

test("copy: a file arrives byte for byte, its folders are created, and the state holds its path, not its content", async () => {
  const content = randomBytes(1_000_000);
  const path = join(folder, "bundle.tar.gz");
  writeFileSync(path, content);
  const inputs = { connection: connection(), source: asset({ path }), remotePath: join(server.files, "a/b/bundle") };
  const { id, outputs } = await copyType.create(inputs, context());
  assert.match(id, /^[0-9a-f]{8}$/);
  assert.deepEqual(outputs, inputs);
  assert.ok(readFileSync(join(server.files, "a/b/bundle")).equals(content));
});

test("copy: shorter content replaces all of a longer one, and an empty file is a file", async () => {
  const remotePath = join(server.files, "short");
  for (const text of ["long content", "é", ""]) {
    await copyType.create({ connection: connection(), source: asset({ text }), remotePath }, context());
    assert.equal(readFileSync(remotePath, "utf8"), text);
  }
});

test("copy: a relative path is in the login's home; a folder accepts a file under its own name, and no text", async () => {
  const path = join(folder, "name.txt");
  writeFileSync(path, "file");
  const to = (source: Properties, remotePath: string) =>
    copyType.create({ connection: connection(), source, remotePath }, context());
  await to(asset({ text: "text" }), "here/relative");
  assert.equal(readFileSync(join(server.files, "here/relative"), "utf8"), "text");
  await to(asset({ path }), "here");
  assert.equal(readFileSync(join(server.files, "here/name.txt"), "utf8"), "file");
  assert.match(
    await rejection(to(asset({ text: "text" }), "here")),
    /cannot write here on tester@127\.0\.0\.1:\d+: it is a folder/,
  );
});

test("copy: another content or target copies again, another connection or source path doesn't, triggers replace", async () => {
  const inputs: Properties = { connection: connection(), source: asset({ text: "a" }, "1"), remotePath: "again" };
  const { id, outputs } = await copyType.create(inputs, context());
  const old = { id, inputs, outputs };
  const file = join(server.files, "again");
  const copied = async (changes: Properties) => {
    writeFileSync(file, "as it was");
    const now = { ...inputs, ...changes };
    assert.deepEqual((await copyType.update?.(old, now, context()))?.outputs, now);
    return readFileSync(file, "utf8") !== "as it was" || existsSync(join(server.files, "elsewhere"));
  };
  assert.equal(await copied({ connection: { ...connection(), dialErrorLimit: 1 } }), false);
  assert.equal(await copied({ source: asset({ path: "/moved" }, "1") }), false);
  assert.equal(await copied({ source: asset({ text: "b" }, "2") }), true);
  assert.equal(await copied({ remotePath: "elsewhere" }), true);
  const diff = async (changes: Properties) => copyType.diff?.(old, { ...inputs, ...changes }, context());
  assert.deepEqual(await diff({ source: asset({ path: "/moved" }, "1") }), { update: [], replace: [] });
  assert.deepEqual(await diff({ source: unknown }), { update: ["source"], replace: [] });
  assert.deepEqual(await diff({ triggers: [1] }), { update: [], replace: ["triggers"] });
  assert.equal(copyType.delete, undefined);
});

test("copy: archives and remote assets are refused with the cure", async () => {
  const archive: Properties = { [signature]: "0def7320c3a5731c473e5ecbe6d01bc7", hash: "h", path: "." };
  for (const source of [archive, { [signature]: assetSignature, uri: "https://example.org" }]) {
    const checked = await copyType.check?.({ connection: connection(), source, remotePath: "x" }, {}, context());
    assert.deepEqual(
      checked?.failures?.map(({ property }) => property),
      ["source"],
    );
    assert.match(checked?.failures?.[0]?.reason ?? "", /pack a folder/);
  }
  const fine = { connection: connection(), source: unknown, remotePath: unknown };
  assert.deepEqual((await copyType.check?.(fine, {}, context()))?.failures, []);
});
