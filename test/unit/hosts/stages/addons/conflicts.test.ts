import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { must } from "../../../../harness/process.ts";
import { scratch } from "../../../../harness/scratch.ts";

const library = new URL("../../../../../hosts/stages/addons/objects/lib-objects.sh", import.meta.url).pathname;

const conflict = `error: Apply failed with 1 conflict: conflict with "kubectl-edit" using v1: .data.Corefile
Please review the fields above--they currently have other managers.`;
const document = (name: string) => `---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: kube-system\n`;

/** What `apply_objects` has kubectl do and reports. The API refuses the object `coredns` with these words, unless it is forced. */
async function applied(known: string, repair: string, words = conflict): Promise<string[]> {
  const folder = scratch();
  writeFileSync(join(folder, "all.yaml"), ["a", "coredns", "b"].map(document).join(""));
  const script = `
    set -euo pipefail
    STAGE=$1 KNOWN=$2 REPAIR=$3 API_SERVER=https://10.0.0.1:6443
    api_as_admin() { :; }
    did() { echo "did $*" >&3; }
    fail() { echo "fail $*" >&3; exit 0; }
    . ${library}
    kubectl_words=$4
    addons_kubectl() {
      local file=\${*: -1} how=plain
      [[ $* != *--force-conflicts* ]] || how=forced
      echo "$how \${file##*/}" >&3
      if [ $how = plain ] && grep -q 'name: coredns' "$file"; then echo "$kubectl_words" >&2; return 1; fi
    }
    apply_objects 2>/dev/null; word_digest >&3`;
  const said = await must("bash", ["-c", `exec 3>&1; ${script}`, "-", folder, known, repair, words]);
  return said.trimEnd().split("\n");
}

test("a field that somebody else has set stays, its object is named, and all others are applied", async () => {
  const said = await applied("", "");
  assert.deepEqual(said.slice(0, -1), [
    ...["plain all.yaml", "plain object-0001.yaml", "plain object-0002.yaml"],
    'did left ConfigMap coredns as it is: conflict with "kubectl-edit" using v1: .data.Corefile ',
    "plain object-0003.yaml",
  ]);
});

test("another word of repair takes the fields back, once", async () => {
  const said = await applied("", "today");
  const digest = said.at(-1) as string;
  assert.deepEqual(said.slice(0, -1), ["forced all.yaml"]);
  assert.equal((await applied(`{"data":{"repair":"${digest}"}}`, "today"))[0], "plain all.yaml");
  assert.equal((await applied(`{"data":{"repair":"${digest}"}}`, "tomorrow"))[0], "forced all.yaml");
});

test("an object that the API refuses for another reason fails the stage", async () => {
  const said = await applied("", "", "Error from server (Forbidden): no");
  assert.ok(said.includes("fail the API refuses an object of an add-on: Error from server (Forbidden): no"), said.join("\n"));
});
