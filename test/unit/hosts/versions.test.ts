import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

// The scripts' own refusals of versions, against what runs on a host.

const common = new URL("../../../hosts/lib/common.sh", import.meta.url).pathname;

/** Runs a line of bash with the functions that every stage has. */
function bash(line: string) {
  const script = `set -euo pipefail; STAGE_NAME=etcd HOST_NAME=m1; . ${common}; ${line}`;
  const { status, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
  return { status, stderr };
}
const step = (from: string, to: string) => bash(`one_minor_up etcd '${from}' '${to}' cluster.versions.etcd`);

test("a patch, the next minor version and a first version are let through", () => {
  for (const [from, to] of [
    ["3.6.13", "3.6.14"],
    ["3.6.14", "3.6.13"],
    ["3.5.26", "3.6.14"],
    ["3.9.1", "3.10.0"],
    ["", "3.6.14"],
  ]) {
    assert.deepEqual(step(from as string, to as string), { status: 0, stderr: "" }, `${from} to ${to}`);
  }
});

test("a skipped minor version and an older one are refused, each with its cure", () => {
  const skipped = step("3.4.1", "3.6.14");
  assert.equal(skipped.status, 1);
  assert.match(
    skipped.stderr,
    /^ERROR: etcd on m1: etcd is 3\.4\.1 here and goes up one minor version at a time.*cluster\.versions\.etcd/,
  );
  const back = step("3.6.14", "3.5.26");
  assert.equal(back.status, 1);
  assert.match(back.stderr, /does not go back to 3\.5\.26.*Put cluster\.versions\.etcd back/);
});

test("versions are compared as numbers", () => {
  const compared = (one: string, other: string) => bash(`older_or_same ${one} ${other}`).status === 0;
  assert.ok(compared("1.9.3", "1.10.0"));
  assert.ok(compared("1.36.3", "1.36.3"));
  assert.ok(!compared("1.36.10", "1.36.9"));
});
