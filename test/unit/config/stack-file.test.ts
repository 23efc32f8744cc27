import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { checkStack } from "../../../config/load.ts";
import { problemText } from "../../../config/problems.ts";
import { fileWords } from "../../../config/stack-file.ts";
import { environmentFor, readStackFile } from "../../../engine/environment.ts";
import { known, lab, metal, newPrivateKey } from "../../harness/samples.ts";
import { scratch } from "../../harness/scratch.ts";

const file = (...lines: string[]) =>
  ["config:", "  ha-kubernetes:cluster:", ...lines.map((line) => `    ${line}`), ""].join("\n");
const texts = (all: ReturnType<typeof fileWords>["problems"]) => all.map((it) => problemText(it).replaceAll("\n    ", " | "));

/** Plain names and what Pulumi 3.274 hands over for them. */
const changed: Record<string, string> = {
  "1e3": "1000",
  "0x1f": "31",
  "007": "7",
  "1.50": "1.5",
  "1_000": "1000",
  "0o17": "15",
  True: "true",
  "~": "<nil>",
  null: "<nil>",
  "2026-11-21": "2026-11-21 00:00:00 +0000 UTC",
};

for (const [name, read] of Object.entries(changed)) {
  test(`a host called ${name} without quotes is refused: YAML makes it ${read}`, () => {
    const { problems } = fileWords(file("hosts:", `  ${name}: { roles: [worker] }`), { hosts: { [read]: {} } });
    assert.deepEqual(texts(problems), [
      `cluster.hosts.${name} is read by YAML as ${read} (line 4) | allowed: a name in quotes: "${name}", or "${read}" where something was already made by that name`,
    ]);
  });
}

test("plain names, quoted names and names in another file pass", () => {
  for (const name of ["7", "yes", "on", "w1", "1.5", '"007"', "'1e3'", "true", "0b", "1e", "a_1"]) {
    const read = name.replace(/['"]/g, "");
    assert.deepEqual(fileWords(file("hosts:", `  ${name}: {}`), { hosts: { [read]: {} } }).problems, [], name);
  }
  assert.deepEqual(fileWords(file("hosts:", "  007: {}"), { hosts: { w1: {} } }).problems, []);
});

test("numbers with leading zeros are said with what they are read as", () => {
  const text = file("ssh: { port: 0022 }", "api: { port: 8_443 }", "repair: 0x10", 'name: "007"');
  const given = { ssh: { port: 18 }, api: { port: 8443 }, repair: 16, name: "007" };
  assert.deepEqual(texts(fileWords(text, given).warnings), [
    "cluster.ssh.port is 0022, which YAML reads as 18 (line 3) | allowed: a number without leading zeros, or a text in quotes",
    "cluster.repair is 0x10, which YAML reads as 16 (line 5) | allowed: a number without leading zeros, or a text in quotes",
  ]);
});

test("a cluster in the wrong place is found by what the file has there", () => {
  const found = (text: string) => {
    const checked = checkStack({ values: {}, secretKeys: [], file: text }, known);
    assert.ok(!checked.ok);
    return texts(checked.problems).slice(1);
  };
  assert.deepEqual(found("ha-kubernetes:cluster:\n  name: x\n"), [
    "ha-kubernetes:cluster is not read (line 1) | allowed: the cluster is below config → ha-kubernetes:cluster",
  ]);
  assert.deepEqual(found("apiVersion: k0sctl.k0sproject.io/v1beta1\nkind: Cluster\n").length, 2);
  assert.deepEqual(found("config:\n  kubernetes:cluster:\n    hosts: {}\n"), [
    "kubernetes:cluster is not read (line 2) | allowed: the name ha-kubernetes:cluster",
  ]);
  assert.deepEqual(found("config: {}\n---\nconfig: {}\n"), [
    "the stack's file holds several documents | allowed: one: only the first is read",
  ]);
  for (const text of ["", "config:", "config: hello", "- a", "a: ["]) assert.deepEqual(found(text), [], text);
});

test("what a file says is told beside everything else", () => {
  const cluster = metal();
  cluster.hosts["7"] = cluster.hosts.w2;
  delete cluster.hosts.w2;
  const values = { "ha-kubernetes:cluster": JSON.stringify(cluster) };
  const checked = checkStack({ values, secretKeys: [], file: file("hosts:", "  007: {}") }, known);
  assert.ok(!checked.ok);
  assert.deepEqual(
    checked.problems.map(({ key }) => key),
    ["cluster.hosts.007", "ha-kubernetes:sshPrivateKey"],
  );
});

test("secrets that nothing uses are said", () => {
  const names = ["ha-kubernetes:sshPrivateKey", "ha-kubernetes:backupSshPrivateKey"];
  const pem = newPrivateKey();
  const values = { "ha-kubernetes:cluster": JSON.stringify(lab()), ...Object.fromEntries(names.map((name) => [name, pem])) };
  const checked = checkStack({ values, secretKeys: names }, known);
  assert.ok(checked.ok);
  assert.deepEqual(texts(checked.warnings), [
    "ha-kubernetes:sshPrivateKey is not used | allowed: nothing with cluster.provider: lab",
    "ha-kubernetes:backupSshPrivateKey is not used | allowed: nothing without cluster.etcd.backup.copyToSsh",
  ]);
});

test("the front end reads a file whose anchor 500 hosts use, and one that merges; what it can't read it names", (t) => {
  const folder = scratch();
  const write = (stack: string, text: string) => writeFileSync(join(folder, `Pulumi.${stack}.yaml`), text);
  const hosts = Array.from({ length: 500 }, (_, host) => `      w${host}: *worker`);
  write("many", [file("provider: lab", "x: &worker { roles: [worker] }", "hosts:"), ...hosts].join("\n"));
  assert.equal(readStackFile(folder, "many").isLab, true);
  write("merged", "base: &base { provider: lab }\nconfig: { ha-kubernetes:cluster: { <<: *base } }\n");
  assert.equal(readStackFile(folder, "merged").isLab, true);
  write("two", "a: 1\n---\nb: 1\n");
  assert.throws(() => readStackFile(folder, "two"), /Pulumi\.two\.yaml holds several documents/);
  write("lost", "a: *b\n");
  assert.throws(() => readStackFile(folder, "lost"), /Pulumi\.lost\.yaml is not valid YAML: Unresolved alias/);
  mkdirSync(join(folder, "Pulumi.folder.yaml"));
  assert.throws(() => readStackFile(folder, "folder"), /Pulumi\.folder\.yaml can't be read: EISDIR/);
  writeFileSync(join(folder, "Pulumi.yaml"), "name: x\n");
  const before = process.env.PULUMI_CONFIG_PASSPHRASE_FILE;
  const direct = process.env.PULUMI_CONFIG_PASSPHRASE;
  t.after(() =>
    Object.assign(
      process.env,
      before === undefined ? {} : { PULUMI_CONFIG_PASSPHRASE_FILE: before },
      direct === undefined ? {} : { PULUMI_CONFIG_PASSPHRASE: direct },
    ),
  );
  delete process.env.PULUMI_CONFIG_PASSPHRASE;
  process.env.PULUMI_CONFIG_PASSPHRASE_FILE = join(folder, "absent");
  assert.throws(
    () => environmentFor(folder, "many", "pulumi"),
    /PULUMI_CONFIG_PASSPHRASE_FILE, \S+absent, can't be read: ENOENT/,
  );
  delete process.env.PULUMI_CONFIG_PASSPHRASE_FILE;
});

test("numbers that YAML changes are said where any text may stand", () => {
  const text = `config:
  ha-kubernetes:cluster:
    api: { port: 8443.0, extraArgs: { event-ttl: 1e3, v: 2 } }
    pools:
      general:
        labels: { release: 2.0, day: "2.0", zone: 7, since: 2026-01-02, on: true }
        taints: [{ key: a, value: 3.0, effect: NoSchedule }]
`;
  assert.deepEqual(
    fileWords(text, undefined).warnings.map(({ key, found, allowed }) => `${key} ${found} | ${allowed}`),
    [
      'cluster.api.extraArgs.event-ttl is 1e3, which YAML reads as 1000 (line 3) | "1e3" in quotes, or 1000',
      'cluster.pools.general.labels.release is 2.0, which YAML reads as 2 (line 6) | "2.0" in quotes, or 2',
      'cluster.pools.general.taints[0].value is 3.0, which YAML reads as 3 (line 7) | "3.0" in quotes, or 3',
    ],
  );
  assert.deepEqual(fileWords(`config: ${"[".repeat(20_000)}${"]".repeat(20_000)}`, undefined), {
    problems: [],
    warnings: [],
    clear: [],
  });
});
