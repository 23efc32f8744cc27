import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { annotationSettings } from "../../../../hosts/node-settings.ts";
import { must } from "../../../harness/process.ts";
import { scratch } from "../../../harness/scratch.ts";

const lib = new URL("../../../../hosts/lib/", import.meta.url).pathname;

/** What the script asks of the API, for a Node as the API gives it, and a host on which an earlier run noted things. */
async function asked(
  metadata: object,
  settings: Record<string, string>,
  home = scratch(),
): Promise<{ bodies: unknown[]; home: string }> {
  const node = JSON.stringify({ kind: "Node", metadata: { name: "n1", ...metadata, managedFields: [{ "f:a": {} }] } });
  writeFileSync(join(home, "node.json"), node);
  const script = `
    set -euo pipefail; shopt -s lastpipe
    STAGE_NAME=control-plane HOST_NAME=n1
    . <(sed "s|^readonly HOME_DIR=.*|readonly HOME_DIR=$1|" ${lib}common.sh)
    . ${lib}labels.sh
    read_node() { NODE=$(cat "$HOME_DIR/node.json"); }
    node_is_known() { :; }
    write_file() { cat >"$3"; }
    api_surely() { printf '%s\\n' "\${@: -1}" >>"$HOME_DIR/asked"; }
    set_labels
    set_annotations`;
  writeFileSync(join(home, "asked"), "");
  await must("bash", ["-c", script, "-", home], { env: settings });
  const lines = readFileSync(join(home, "asked"), "utf8").split("\n").filter(Boolean);
  return { bodies: lines.map((line) => JSON.parse(line).metadata), home };
}

const annotations = (values: Record<string, string>) => annotationSettings({ annotations: values });
const odd = `rack "4", {row 2}, it's <new> $HOME \\n,"b":"`;

test("labels and annotations that are missing are set, values of any kind as they are; a second run asks for nothing", async () => {
  const settings = { LABELS: "a=1 example.com/b=", ...annotations({ "example.com/odd": odd, "example.com/z": "2" }) };
  const first = await asked({ labels: { mine: "x" }, annotations: { mine: "x" } }, settings);
  assert.deepEqual(first.bodies, [
    { labels: { a: "1", "example.com/b": "" } },
    { annotations: { "example.com/odd": odd, "example.com/z": "2" } },
  ]);
  const has = {
    labels: { mine: "x", a: "1", "example.com/b": "" },
    annotations: { "example.com/odd": odd, "example.com/z": "2" },
  };
  assert.deepEqual((await asked(has, settings, first.home)).bodies, []);
  // A Node that was deleted and came back.
  assert.equal((await asked({ labels: {}, annotations: { "example.com/z": "2" } }, settings, first.home)).bodies.length, 2);
});

test("what leaves the config is removed, and nothing of others; then nothing is noted any more", async () => {
  const settings = { LABELS: "a=1 b=2", ...annotations({ "example.com/a": "1", "example.com/b": "2" }) };
  const { home } = await asked({}, settings);
  const has = { labels: { a: "1", b: "2", mine: "x" }, annotations: { "example.com/a": "1", "example.com/b": "2", mine: "x" } };
  const fewer = await asked(has, { LABELS: "a=1", ...annotations({ "example.com/a": "3" }) }, home);
  assert.deepEqual(fewer.bodies, [{ labels: { b: null } }, { annotations: { "example.com/a": "3", "example.com/b": null } }]);
  const left = { labels: { a: "1", mine: "x" }, annotations: { "example.com/a": "3", mine: "x" } };
  const none = await asked(left, {}, home);
  assert.deepEqual(none.bodies, [{ labels: { a: null } }, { annotations: { "example.com/a": null } }]);
  assert.deepEqual((await asked({ labels: { mine: "x" }, annotations: { mine: "x" } }, {}, home)).bodies, []);
});

test("a control plane that never had any asks for nothing", async () => {
  assert.deepEqual((await asked({ labels: {}, annotations: {} }, {})).bodies, []);
});
