import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { gunzipSync } from "fflate";
import { parseTar } from "nanotar";
import { digest } from "../../../config/digest.ts";
import { quote, renderStage, renderWithScripts, type Stage } from "../../../hosts/stage.ts";

const stage: Stage = {
  name: "leaving",
  host: "m1",
  owner: "test/0011aabb",
  versions: { kubernetes: "1.36.3" },
  settings: { B: "two words", A: "it's" },
  birth: { MEMBERS: "m1,m2" },
  files: [
    { path: "/etc/z", content: "last" },
    { path: "/etc/a", content: "TOP-SECRET-KEY", mode: "0600", owner: "etcd:etcd" },
  ],
  inputs: { token: "TOP-SECRET-TOKEN" },
};

test("the visible texts name host, versions, settings and each file with a digest, and hold no content", () => {
  const { create, update, undo } = renderStage(stage);
  assert.deepEqual(create.split("\n").slice(0, 7), [
    "# leaving on m1 of test/0011aabb",
    "# version kubernetes 1.36.3",
    "# setting A=it's",
    "# setting B=two words",
    `# file 0600 etcd:etcd /etc/a ${digest("TOP-SECRET-KEY")}`,
    `# file 0644 root:root /etc/z ${digest("last")}`,
    `# input token ${digest("TOP-SECRET-TOKEN")}`,
  ]);
  for (const text of [create, update ?? "", undo]) assert.doesNotMatch(text, /TOP-SECRET/);
});

test("what only the first run is told is in create alone", () => {
  const other = renderStage({ ...stage, birth: { MEMBERS: "m1,m2,m3" } });
  const { create, update, stdin, undo } = renderStage(stage);
  assert.match(create, /MEMBERS=m1,m2/);
  assert.deepEqual({ update: other.update, stdin: other.stdin, undo: other.undo }, { update, stdin, undo });
  assert.doesNotMatch(update ?? "", /MEMBERS/);
});

const unpacked = (stdin: string) =>
  Object.fromEntries(parseTar(gunzipSync(Buffer.from(stdin, "base64"))).map((entry) => [entry.name, entry.text]));

test("the bundle holds settings, files and inputs, and is the same whatever the order of its parts", () => {
  const { stdin } = renderStage(stage);
  const entries = unpacked(stdin);
  assert.equal(entries["files/0"], "TOP-SECRET-KEY");
  assert.equal(entries["inputs/token"], "TOP-SECRET-TOKEN");
  assert.equal(entries.manifest, "0600 etcd:etcd 0 /etc/a\n0644 root:root 1 /etc/z\n");
  assert.match(entries["settings.sh"] ?? "", /^A='it'\\''s'$/m);
  assert.deepEqual(
    Object.keys(entries).filter((name) => name.endsWith(".sh")),
    ["settings.sh"],
  );
  const shuffled = { ...stage, files: [...(stage.files ?? [])].reverse(), settings: { A: "it's", B: "two words" } };
  assert.equal(renderStage(shuffled).stdin, stdin);
});

test("for a host that nothing is brought to the bundle holds the scripts, too, under the same digest", () => {
  const { create, stdin } = renderWithScripts(stage);
  const entries = unpacked(stdin);
  assert.ok(entries["lib/run.sh"] && entries["lib/etcd.sh"] && entries["stage/apply.sh"] && entries["stage/undo.sh"]);
  assert.equal(entries["lib/node.sh"], undefined);
  const line = (text: string) => text.split("\n").find((it) => it.startsWith("# script "));
  assert.equal(line(create), line(renderStage(stage).create));
});

test("a user who is not root uses sudo, without being asked for a password", () => {
  assert.match(renderStage(stage, "ops").create, /^exec sudo -n bash -c /m);
  assert.match(renderStage(stage, "ops").undo, /^exec sudo -n bash -c /m);
  assert.match(renderStage(stage).create, /^exec bash -c /m);
});

test("quote gives one shell word, whatever it holds", () => {
  fc.assert(
    fc.property(
      fc.string().filter((text) => !text.includes("\0")),
      (text) => spawnSync("sh", ["-c", `printf %s ${quote(text)}`], { encoding: "utf8" }).stdout === text,
    ),
    { numRuns: 30 },
  );
});
