import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { quantile } from "../../../check/findings/etcd.ts";
import { fileFindings } from "../../../check/findings/host.ts";
import { readObservation } from "../../../check/observation.ts";
import { questions } from "../../../check/observe.ts";
import { readStage, unitsOf } from "../../../check/wanted.ts";
import { renderStage, type Stage } from "../../../hosts/stage.ts";
import { clusterOf, graphOf } from "../../harness/graph.ts";
import { scratch } from "../../harness/scratch.ts";
import { wantedHost } from "./healthy.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

test("a stage is read back from its command: files, settings, versions and owner", () => {
  const word = fc.stringMatching(/^[a-z0-9.-]{1,12}$/);
  const file = fc.record({
    name: word,
    content: fc.string({ unit: "binary", maxLength: 200 }),
    mode: fc.constantFrom(undefined, "0600", "0755"),
  });
  fc.assert(
    fc.property(
      fc.uniqueArray(file, { selector: ({ name }) => name, maxLength: 8 }),
      word,
      fc.boolean(),
      fc.constantFrom(undefined, "s3cret of sudo"),
      (files, value, born, password) => {
        const stage: Stage = {
          name: "etcd",
          host: "m1",
          owner: "prod/0011aabb",
          versions: { etcd: "3.6.14" },
          settings: { SOME_VALUE: value },
          files: files.map(({ name, content, mode }) => ({ path: `/etc/x/${name}`, content, ...(mode && { mode }) })),
          ...(born && { birth: { BIRTH: "yes" } }),
        };
        const { create, stdin } = renderStage(stage, "ops", password);
        const read = readStage(create, stdin);
        assert.deepEqual(
          { ...read, files: read?.files.map(({ path, mode, owner, sha256, content }) => [path, mode, owner, sha256, content]) },
          {
            stage: "etcd",
            host: "m1",
            owner: "prod/0011aabb",
            versions: { etcd: "3.6.14" },
            settings: { SOME_VALUE: value },
            files: (stage.files ?? [])
              .toSorted((a, b) => (a.path < b.path ? -1 : 1))
              .map(({ path, content, mode }) => [path, mode ?? "0644", "root:root", sha256(content), content]),
            inputs: {},
            becoming: password === undefined ? "sudo" : "sudo with a password",
            sudoPassword: password,
          },
        );
      },
    ),
    { numRuns: 50 },
  );
});

test("of inputs only those are read that check looks at: others may be secret", () => {
  const inputs = {
    artifacts: "list",
    sysctl: "vm/x 1\n",
    token: "secret",
    "00-access.yaml": "---\n",
    "000-rest": "{}\n",
    list: "000",
  };
  const read = (name: Stage["name"]) => {
    const { create, stdin } = renderStage({ name, host: "m1", owner: "prod/0011aabb", inputs });
    return readStage(create, stdin)?.inputs;
  };
  assert.deepEqual(read("prepare"), { artifacts: "list", sysctl: "vm/x 1\n" });
  assert.deepEqual(read("addons"), { "00-access.yaml": "---\n" });
  assert.deepEqual(read("custom-addons"), { "000-rest": "{}\n" });
  assert.deepEqual(read("worker"), {});
});

test("a command that does not run a stage is ignored", () =>
  assert.equal(readStage("exec sh -c 'kubeadm token create'", ""), undefined));

test("units are those whose files a stage brings", () => {
  assert.deepEqual(
    unitsOf(wantedHost("w1").files).filter((unit) => !unit.startsWith("ha-")),
    ["containerd.service", "kubelet.service"],
  );
  const units = unitsOf(wantedHost("m1").files);
  for (const unit of ["etcd.service", "haproxy.service", "keepalived.service", "etcd-backup.timer"])
    assert.ok(units.includes(unit), unit);
});

test("a quantile is the upper end of the bucket it falls into", () => {
  const lines = ["0.001 90", "0.01 98", "0.1 99", "+Inf 100"].map((line) => `x_bucket{le="${line.replace(" ", '"} ')}`);
  assert.equal(quantile(lines, "x", 0.5), 0.001);
  assert.equal(quantile(lines, "x", 0.98), 0.01);
  assert.equal(quantile(lines, "x", 0.99), 0.1);
  assert.equal(quantile(lines, "x", 1), Number.POSITIVE_INFINITY);
  assert.equal(quantile([], "x", 0.99), undefined);
});

test("what a host says is refused unless it came to its end", () => {
  assert.throws(() => readObservation("\n@@ time\n1\n\n@@ files\n", 0, 1), /ended early, in files/);
  const seen = readObservation("\n@@ time\n105.5\n\n@@ end\n", 100, 101);
  assert.deepEqual([seen.clockOffset, seen.clockError], [5, 0.5]);
});

test("the script tells files as they are, runs anywhere and leaves nothing behind", () => {
  const folder = scratch();
  const file = (name: string, content: string, mode = "0644") => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: Number.parseInt(mode, 8) });
    return { path, mode, owner: "root:root", sha256: sha256(content), content };
  };
  const files = [
    file("a", "x"),
    file("b c", ""),
    file("'d'", "y\n", "0600"),
    { ...file("gone", ""), path: join(folder, "gone too") },
  ];
  const host = { ...wantedHost("w1"), stages: [], settings: {}, files };
  const { status, stdout } = spawnSync("bash", ["-s"], {
    input: `${questions(host)}. "$SCRIPT"`,
    env: { ...process.env, SCRIPT: new URL("../../../hosts/tools/check/check.sh", import.meta.url).pathname },
    encoding: "utf8",
  });
  assert.equal(status, 0);
  const own = process.getuid?.() === 0 ? files : files.map((it) => ({ ...it, owner: "" }));
  const findings = fileFindings({ ...host, files: own }, readObservation(stdout, 0, 0)).filter(
    ({ found }) => !found.startsWith("belongs"),
  );
  assert.deepEqual(findings.map(({ subject, found }) => [subject, found]).slice(-1), [[join(folder, "gone too"), "is missing"]]);
  if (process.getuid?.() === 0) assert.equal(findings.length, 1);
  assert.deepEqual(readdirSync(folder).sort(), ["'d'", "a", "b c", "gone"]);
});

test("changing `repair` changes every stage's command, brings the scripts and join credentials again, and nothing else", async () => {
  const plain = await graphOf(clusterOf(2));
  const after = await graphOf({ ...clusterOf(2), repair: "2026-11-21" });
  assert.deepEqual([...plain.keys()], [...after.keys()]);
  for (const [name, { inputs }] of plain) {
    const visible = (all: Record<string, unknown>) => String(all.update ?? all.create);
    const now = after.get(name)?.inputs ?? {};
    if (name.includes(":CopyToRemote ")) assert.deepEqual([inputs.triggers, now.triggers], [[1], [1, "2026-11-21"]]);
    // A worker may need another join credential.
    else if (name.includes(" join-")) assert.deepEqual([inputs.triggers, now.triggers], [[1], [1, "2026-11-21"]]);
    else if (!visible(inputs).startsWith("# ")) assert.deepEqual(now, inputs, name);
    else
      assert.deepEqual(
        visible(now)
          .split("\n")
          .filter((line) => line !== "# setting REPAIR=2026-11-21"),
        visible(inputs).split("\n"),
        name,
      );
  }
  const repaired = [...after.values()].filter(({ inputs }) =>
    String(inputs.update ?? inputs.create).includes("# setting REPAIR=2026-11-21"),
  );
  assert.equal(repaired.length, [...plain.values()].filter(({ inputs }) => String(inputs.create).startsWith("# ")).length);
});
