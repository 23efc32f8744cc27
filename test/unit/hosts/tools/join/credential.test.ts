import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseCluster } from "../../../../../config/parse.ts";
import { type Recorded, record } from "../../../../../config/record.ts";
import { run } from "../../../../harness/process.ts";
import { known, metal } from "../../../../harness/samples.ts";
import { scratch } from "../../../../harness/scratch.ts";

const folder = scratch();
const hosts = new URL("../../../../../hosts/", import.meta.url).pathname;
const openssl = (...args: string[]) =>
  execFileSync("openssl", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
openssl("req", "-x509", ...key, "-keyout", "ca.key", "-subj", "/CN=kubernetes-ca", "-days", "9", "-out", "signing-ca.crt");

/** 63 characters, which is more than openssl by itself takes in a node's common name. */
const longest = `w1.rack2.${"n".repeat(54)}`;

/** Runs credential.sh on real keys; kubectl and kubelet.conf are stood in for. */
async function mint(kubectl: string) {
  const script = readFileSync(`${hosts}tools/join/credential.sh`, "utf8").replace(/ PATH=\S+/, "");
  writeFileSync(
    join(folder, "credential.sh"),
    script.replaceAll("/etc/kubernetes/kubelet.conf", "/dev/null").replace("120))", "0))"),
  );
  writeFileSync(join(folder, "kubectl"), `#!/bin/bash\n${kubectl}\n`, { mode: 0o755 });
  return run("bash", [join(folder, "credential.sh"), longest, "general"], {
    env: { PATH: `${folder}:${process.env.PATH}`, PKI: folder, SCRATCH_IN: join(folder, "scratch") },
  });
}

test("a join credential is a kubelet's for this one name, dated back, short, and proves itself", async () => {
  const { status, stdout, text } = await mint(`for last; do :; done; cat "$last" >${folder}/noted`);
  assert.equal(status, 0, text);
  writeFileSync(join(folder, "credential.pem"), stdout);
  assert.equal(
    openssl("verify", "-CAfile", "signing-ca.crt", "-purpose", "sslclient", "credential.pem").trim(),
    "credential.pem: OK",
  );
  const said = openssl(
    "x509",
    "-in",
    "credential.pem",
    "-noout",
    "-subject",
    "-nameopt",
    "RFC2253",
    "-ext",
    "extendedKeyUsage,keyUsage",
  );
  assert.match(said, new RegExp(`^subject=CN=system:node:${longest},O=system:nodes$`, "m"));
  assert.match(said, /TLS Web Client Authentication\n/);
  assert.doesNotMatch(said, /Server|CA:TRUE/);
  const date = (which: string) =>
    Date.parse(openssl("x509", "-in", "credential.pem", "-noout", `-${which}date`).replace(/.*=/, ""));
  assert.ok(date("start") < Date.now() - 240_000 && date("start") > Date.now() - 400_000);
  assert.ok(date("end") - Date.now() < 7.1 * 86_400_000 && date("end") - Date.now() > 6.9 * 86_400_000);
  assert.equal(
    openssl("pkey", "-in", "credential.pem", "-pubout"),
    openssl("x509", "-in", "credential.pem", "-noout", "-pubkey"),
  );
  assert.match(
    readFileSync(join(folder, "noted"), "utf8"),
    new RegExp(`name: ha-kubernetes-pools, .*\ndata: \\{"${longest}": "general"\\}\n$`),
  );
  assert.deepEqual(readdirSync(join(folder, "scratch")), [], "no key is left behind");
});

test("an API that does not take the pool's note gives no credential and its own words", async () => {
  const { status, stdout, stderr } = await mint("echo 'connection refused' >&2; exit 1");
  assert.deepEqual([status, stdout], [1, ""]);
  assert.match(stderr, new RegExp(`did not take the pool of ${longest} for 120 s: connection refused`));
  assert.deepEqual(readdirSync(join(folder, "scratch")), []);
});

// When a control plane is asked for another one.

const recordOf = (edit: (config: ReturnType<typeof metal>) => void, before?: Recorded) => {
  const config = metal();
  edit(config);
  const parsed = parseCluster(config, known);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return record(parsed.cluster, known, before);
};
const joinOf = (it: Recorded) => it.hosts.w1?.join;

test("another word of repair, or another pool, makes the join credential once more; nothing else does", () => {
  const repaired = (word: string, before?: Recorded) => recordOf((config) => Object.assign(config, { repair: word }), before);
  const first = recordOf(() => {});
  assert.equal(joinOf(first), undefined);
  const second = repaired("monday", first);
  assert.equal(joinOf(second), "general monday");
  assert.equal(joinOf(repaired("monday", second)), "general monday");
  assert.equal(joinOf(recordOf(() => {}, second)), "general monday", "taking the word out makes none");
  const moved = recordOf((config) => {
    config.pools = { general: {}, gpu: {} };
    config.hosts.w1 = { ...config.hosts.w1, pool: "gpu" };
  }, first);
  assert.equal(joinOf(moved), "gpu");
});

test("a worker of an older release's record keeps what it has, whatever word stands there; the next word counts", () => {
  const old = recordOf(() => {});
  for (const host of Object.values(old.hosts)) {
    delete host.repair;
    delete host.pool;
  }
  const now = recordOf((config) => Object.assign(config, { repair: "of long ago" }), old);
  assert.equal(joinOf(now), undefined);
  assert.equal(joinOf(recordOf((config) => Object.assign(config, { repair: "today" }), now)), "general today");
});

test("where no up was ever recorded, a word of repair makes another one: the first run may have left one that is out of date", () => {
  assert.equal(joinOf(recordOf((config) => Object.assign(config, { repair: "again" }))), "again");
});
