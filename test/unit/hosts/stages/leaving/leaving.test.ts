import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../../../harness/process.ts";
import { scratch } from "../../../../harness/scratch.ts";

// Who leaves: the scripts' own functions, with real keys and a stand-in for etcd.

const hosts = new URL("../../../../../hosts/", import.meta.url).pathname;
const folder = scratch();

const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "ignore"] });
const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
for (const authority of ["etcd", "stranger"])
  openssl(
    "req",
    "-x509",
    ...newKey,
    "-keyout",
    `${authority}.key`,
    "-subj",
    `/CN=${authority}`,
    "-days",
    "1",
    "-out",
    `${authority}.crt`,
  );
/** A leaf of an authority, as `<host>.crt` and `<host>.key` in a folder of that name. */
function leaf(authority: string, host: string, name = host) {
  execFileSync("mkdir", ["-p", join(folder, name)]);
  openssl("req", "-new", ...newKey, "-keyout", `${name}/apiserver-etcd-client.key`, "-subj", `/CN=${host}`, "-out", "leaf.csr");
  const signer = ["-CA", `${authority}.crt`, "-CAkey", `${authority}.key`];
  openssl("x509", "-req", "-in", "leaf.csr", ...signer, "-days", "1", "-out", `${name}/apiserver-etcd-client.crt`);
}
leaf("etcd", "m1");
leaf("etcd", "m2");
leaf("stranger", "m1", "forged");

/** Runs lines of bash with the libraries below a folder of the test's own, on a control plane that has the keys of one in it. */
async function bash(lines: string, keys = "m1"): Promise<string> {
  const here = (path: string) =>
    `. <(sed 's|/run/ha-kubernetes|${folder}|g; s|/var/lib/ha-kubernetes|${folder}|g; s|/etc/kubernetes/pki|${folder}/${keys}|g' ${hosts}${path})`;
  const script = `
    set -euo pipefail
    STAGE_NAME=leaving HOST_NAME=\${HOST_NAME:-m1} HOST_ADDRESS=10.0.0.1 OWNER=test/1
    ${["common", "files", "api", "announce", "etcd", "turn", "word", "leaving"].map((name) => here(`lib/${name}.sh`)).join("\n")}
    . <(sed '/^undo_leaving$/d' ${hosts}stages/leaving/undo.sh)
    rm -rf ${folder}/{teardown,finished,stages,control-planes}
    ${lines}`;
  const { text } = await run("bash", ["-c", script]);
  return text.trim();
}

/** What the control plane with the keys of a folder says, changed by sed, as `authority` judges it for control plane `name`. */
const word = (keys: string, { edit = "", authority = "etcd", name = "m1" } = {}) =>
  bash(
    `if signed_word | sed '${edit}' | vouched ${folder}/${authority}.crt ${name}; then echo believed; else echo not; fi`,
    keys,
  );

test("a control plane's word is believed only with its own key, of this cluster's authority, unchanged and not old", async () => {
  assert.equal(await word("m1"), "believed");
  assert.equal(await word("m1", { name: "" }), "believed");
  assert.equal(await word("m1", { authority: "stranger" }), "not");
  assert.equal(await word("forged"), "not");
  // m2's key can't speak for m1, nor m1 for m2.
  assert.equal(await word("m2"), "not");
  assert.equal(await word("m1", { name: "m2" }), "not");
  assert.equal(await word("m1", { edit: "1s/m1 leaves/m2 leaves/", name: "m2" }), "not");
  assert.equal(await word("m1", { edit: "1s/at 1/at 2/" }), "not");
  assert.equal(await word("m1", { edit: "1s/at .*/at 1700000000/" }), "not");
  assert.equal(await word("m1", { edit: "2,$d" }), "not");
  assert.equal(await word("m1", { edit: "1s/test/other/" }), "not");
});

/** Keys of etcd as lines, or nothing where it does not answer. */
const etcd = (keys: string[] | undefined) => `
    etcd_access() { export ETCDCTL_ENDPOINTS=https://10.0.0.1:2379 ETCDCTL_CACERT=none; }
    curl() { return 7; }
    control_planes() { printf 'm1 10.0.0.1\\nm2 10.0.0.2\\n'; }
    etcd_do() {
      ${keys === undefined ? "return 1" : ":"}
      [[ "$*" != *ha-kubernetes/announces/ ]] || { printf '%s\\n' ${(keys ?? []).map((key) => `ha-kubernetes/${key}`).join(" ") || "''"} | grep announces || true; return 0; }
      printf '%s\\n' ${(keys ?? []).map((key) => `ha-kubernetes/${key}`).join(" ") || "''"}
    }`;
const judge = (keys: string[] | undefined, before = ":") =>
  bash(`${etcd(keys)}
    ${before}
    if teardown; then echo all go; elif birth_unfinished; then echo unfinished; else echo lives; fi`);

test("the cluster goes when every control plane that announces it has said so; one that a cut-off up made can't", async () => {
  assert.equal(await judge(["announces/m1", "announces/m2", "leaving/m1", "leaving/m2"]), "all go");
  assert.equal(await judge(["announces/m1", "announces/m2", "leaving/m1"]), "lives");
  assert.equal(await judge(["announces/m1", "leaving/m1"]), "all go");
  assert.equal(await judge(["announces/m1"]), "lives");
});

test("where nobody announces, the first up never came to its end, unless this host has seen it", async () => {
  assert.equal(await judge([]), "unfinished");
  assert.equal(await judge(undefined), "unfinished");
  assert.equal(await judge([], `touch ${folder}/finished`), "lives");
  // Born of an earlier release: its marks count as before.
  assert.equal(await judge([], `mkdir -p ${folder}/stages/leaving`), "lives");
  assert.equal(await judge(["leaving/m1", "leaving/m2"], `mkdir -p ${folder}/stages/leaving`), "all go");
});

test("a note of a destroy that was called off counts for nothing where etcd answers, nor after its time; an administrator's does", async () => {
  const noted = `touch ${folder}/finished; echo test/1 >${folder}/teardown`;
  assert.equal(await judge(["announces/m1", "announces/m2"], noted), "lives");
  assert.equal(await judge(undefined, noted), "all go");
  assert.equal(await judge(undefined, `${noted}; touch -d '7 hours ago' ${folder}/teardown`), "lives");
  assert.equal(await judge(["announces/m1", "announces/m2"], `touch ${folder}/finished ${folder}/teardown`), "all go");
});
