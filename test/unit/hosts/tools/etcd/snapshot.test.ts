import assert from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { type Result, run } from "../../../../harness/process.ts";
import { scratch } from "../../../../harness/scratch.ts";

const scripts = new URL("../../../../../hosts/tools/etcd/", import.meta.url).pathname;
const now = () => Math.floor(Date.now() / 1000);

/** A host with an etcd of revision `revision` in cluster 7, whose snapshots lie in a folder of the test's own. */
class Place {
  readonly folder: string;
  readonly snapshots: string;

  constructor() {
    this.folder = scratch();
    this.snapshots = join(this.folder, "snapshots");
    mkdirSync(this.snapshots);
    cpSync(scripts, this.folder, { recursive: true });
    const common = readFileSync(`${scripts}common.sh`, "utf8").replace(" PATH=", ` PATH=${this.folder}:`);
    writeFileSync(`${this.folder}/common.sh`, common);
    // A snapshot ends with the SHA-256 of everything before it.
    this.#program(
      "etcdctl",
      `case "$*" in
        *"endpoint status"*) printf '"ClusterID" : 7\\n"DBSize" : 5000\\n' ;;
        *"snapshot save"*) for file; do :; done; head -c 4000 /dev/zero >$file; head -c 4000 /dev/zero | sha256sum | cut -c1-64 | sed 's/../\\\\x&/g' | xargs -0 printf %b | head -c 32 >>$file ;;
        *"--count-only"*) echo '"Count" : 3' ;;
        *) [ ! -e ${this.folder}/no-quorum ] ;;
      esac`,
    );
    this.#program("etcdutl", `echo '"Revision" : '$REVISION`);
  }

  #program(name: string, text: string): void {
    writeFileSync(join(this.folder, name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
  }

  /** A snapshot that was there before; `plain` as earlier releases left it. */
  had(
    revision: number,
    { time = "20260101T000000Z", cluster = "7", taken = now() - 3600, plain = false, bytes = 10 } = {},
  ): void {
    const name = join(this.snapshots, `prod-1.m1.${time}.r${revision}.db${plain ? "" : ".gz"}`);
    writeFileSync(name, "x".repeat(bytes));
    writeFileSync(`${name}.facts`, `sha256=0\nsize=${bytes}\nrevision=${revision}\nkeys=3\ncluster=${cluster}\ntaken=${taken}\n`);
  }

  take(revision: number, settings: Record<string, string> = {}): Promise<Result> {
    return run("bash", [join(this.folder, "snapshot.sh")], {
      env: {
        REVISION: String(revision),
        BACKUP_NAME: "prod-1.m1",
        BACKUP_DIRECTORY: this.snapshots,
        BACKUP_KEEP: "3",
        BACKUP_MEBIBYTES: "100",
        BACKUP_MINUTES: "30",
        DATA_DIRECTORY: "/nowhere",
        COPY_DIRECTORY: "",
        SSH_DIRECTORY: "",
        ...settings,
      },
    });
  }

  /** Revisions of the snapshots that are there. */
  kept(): number[] {
    const names = readdirSync(this.snapshots).filter((name) => /\.db(\.gz)?$/.test(name));
    return names.map((name) => Number(/\.r(\d+)\./.exec(name)?.[1])).sort((a, b) => a - b);
  }
}

test("a snapshot is compressed, and its facts are those of the file", async () => {
  const place = new Place();
  const { status, text } = await place.take(48213);
  assert.equal(status, 0, text);
  const [name = ""] = readdirSync(place.snapshots).filter((it) => it.endsWith(".db.gz"));
  const file = readFileSync(join(place.snapshots, name));
  assert.equal(gunzipSync(file).length, 4032);
  const facts = readFileSync(join(place.snapshots, `${name}.facts`), "utf8");
  assert.match(
    facts,
    new RegExp(`^sha256=[0-9a-f]{64}\nsize=${file.length}\ndatabase=4032\nrevision=48213\nkeys=3\ncluster=7\n`),
  );
  assert.deepEqual(readdirSync(place.snapshots).sort(), [name, `${name}.facts`]);
});

test("the newest are kept by their revisions, those of earlier releases counted", async () => {
  const place = new Place();
  for (const revision of [100, 9, 20, 3]) place.had(revision, { plain: true });
  assert.equal((await place.take(101)).status, 0);
  assert.deepEqual(place.kept(), [20, 100, 101]);
});

test("what another etcd cluster wrote before a restore goes first, whatever its revisions", async () => {
  const place = new Place();
  for (const revision of [10, 11]) place.had(revision);
  for (const revision of [5000, 6000]) place.had(revision, { cluster: "6" });
  assert.equal((await place.take(12)).status, 0);
  assert.deepEqual(place.kept(), [10, 11, 12]);
});

test("snapshots dated ahead push out no newer one, and are an error until they are gone", async () => {
  const place = new Place();
  for (const revision of [1, 2, 3, 4]) place.had(revision, { time: "20990101T000000Z", taken: now() + 31_536_000 });
  for (const [revision, left] of [
    [10, [3, 4, 10]],
    [11, [4, 10, 11]],
  ] as const) {
    const { status, text } = await place.take(revision);
    assert.notEqual(status, 0);
    assert.match(text, /say that they were taken later than now, such as .*\.r4\.db\.gz/);
    assert.deepEqual(place.kept(), left);
  }
  assert.equal((await place.take(12)).status, 0);
  assert.deepEqual(place.kept(), [10, 11, 12]);
});

test("together they stay below the limit; the one just taken is kept, however large and whatever its revision", async () => {
  const place = new Place();
  for (const revision of [1, 2, 3]) place.had(revision, { bytes: 700_000 });
  assert.equal((await place.take(4, { BACKUP_KEEP: "10", BACKUP_MEBIBYTES: "1" })).status, 0);
  assert.deepEqual(place.kept(), [3, 4]);
  // Data that somebody put back by hand.
  assert.equal((await place.take(2, { BACKUP_KEEP: "1" })).status, 0);
  assert.deepEqual(place.kept(), [2]);
});

test("a member without a quorum is told apart from one with an alarm", async () => {
  const place = new Place();
  writeFileSync(join(place.folder, "no-quorum"), "");
  const { status, text } = await place.take(5);
  assert.notEqual(status, 0);
  assert.match(text, /the snapshot was taken, but this member has no quorum/);
  assert.deepEqual(place.kept(), [5]);
});

test("where the disk is full the oldest go, but never the last three, and the unit says what it needs", async () => {
  const place = new Place();
  for (const revision of [1, 2, 3, 4, 5]) place.had(revision);
  writeFileSync(join(place.folder, "df"), "#!/bin/bash\nprintf 'size avail\\n1000000000 1000000\\n'\n", { mode: 0o755 });
  const { status, text } = await place.take(6, { BACKUP_KEEP: "10" });
  assert.notEqual(status, 0);
  assert.match(text, /10 % of the disk stay free: make room/);
  assert.deepEqual(place.kept(), [3, 4, 5]);
  assert.match((await place.take(6, { DATA_DIRECTORY: place.snapshots })).text, /20 % of the disk stay free/);
});
