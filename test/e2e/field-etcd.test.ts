// etcd over the years: forgotten, removed and damaged members, snapshots and clocks, a full database, defragmentation
import assert from "node:assert/strict";
import { test } from "node:test";
import { checked, compact, databaseOf, fill, memberNames, ownEtcdctl, runUnit } from "../harness/etcd.ts";
import type { LabHost } from "../harness/lab.ts";
import { eventually } from "../harness/process.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { threePlusTwo } from "../harness/stack.ts";

const config = await threePlusTwo("test-field-etcd");
delete config.hosts.w2;
const etcd: Record<string, unknown> = { quotaMebibytes: 512, metrics: "nodes", backup: { keep: 5 } };
config.etcd = etcd;
const voters = ["m1", "m2", "m3"];
const directory = "/var/backups/ha-kubernetes";

onCluster(config, (scenario) => {
  const { stack, cluster } = scenario;
  const [m1, m2, m3] = voters.map((name) => cluster.host(name)) as [LabHost, LabHost, LabHost];
  const members = [m1, m2, m3];
  const idOf = async (name: string) =>
    (await cluster.etcdctl("member list"))
      .split("\n")
      .find((line) => line.includes(` ${name},`))
      ?.split(",")[0] ?? "";
  let words = 0;
  /** Runs `up` with a new value of `repair`, the cure that `check` and messages name. */
  const repair = async () => {
    stack.configure({ ...config, etcd, repair: `word-${++words}` });
    return stack.engine("up");
  };
  const mends = async (said: RegExp) => {
    const { status, text } = await repair();
    assert.equal(status, 0, text);
    assert.match(text, said);
    assert.deepEqual(await memberNames(cluster), voters);
    await cluster.etcdctl("endpoint health --cluster");
  };
  const alarms = () => cluster.etcdctl("alarm list");

  test("nodes can read the metrics; timers take snapshots, drill restores and defragment", async () => {
    await cluster.settled();
    assert.match(await cluster.host("w1").sh(`curl -s http://${m1.address}:2381/metrics`), /^etcd_server_has_leader 1$/m);
    const timers = await m1.sh("systemctl is-active etcd-backup.timer etcd-backup-drill.timer etcd-defragment.timer");
    assert.equal(timers, "active\nactive\nactive\n");
    await assertNothingRuns(scenario);
  });

  test("check names a leftover learner, and a repair promotes it", async () => {
    await m3.sh("systemctl stop etcd && rm -rf /var/lib/etcd/member");
    await cluster.etcdctl(`member remove ${await idOf("m3")}`);
    const add = `member add m3 --peer-urls https://${m3.address}:2380 --learner`;
    await eventually("etcd to take a learner in", 30, async () => cluster.etcdctl(add));
    const all = members.map(({ name, address }) => `${name}=https://${address}:2380`).join();
    await m3.sh(`printf 'ETCD_INITIAL_CLUSTER=${all}\\nETCD_INITIAL_CLUSTER_STATE=existing\\n' >/etc/etcd/birth.env
      systemctl reset-failed etcd; systemctl start etcd`);
    await eventually("m3 to be a learner", 30, async () => (await memberNames(cluster)).includes("m3*"));
    const found = await checked(stack);
    assert.ok(
      found.some((line) => /^m3 WARN etcd: is still a learner.*`repair`/.test(line)),
      found.join("\n"),
    );
    await mends(/promoted this member, which was still a learner/);
  });

  test("a repair lets a member that was removed by hand join again, and keeps its old data", async () => {
    const [ids, before] = [await cluster.etcdClusterIds(), await idOf("m3")];
    await cluster.etcdctl(`member remove ${before}`);
    const found = await checked(stack);
    assert.ok(
      found.some((line) => /^cluster FAIL etcd members: are m1, m2, not m1, m2, m3 → .*`repair`/.test(line)),
      found.join("\n"),
    );
    await mends(/this member was removed from the cluster/);
    assert.deepEqual(await cluster.etcdClusterIds(), ids);
    assert.notEqual(await idOf("m3"), before);
    await m3.sh("test -d /var/lib/etcd/before-rejoin/wal");
  });

  test("a repair lets a member with damaged data join again", async () => {
    // The last byte of the data in the twentieth record of the log: elsewhere etcd may see a torn write and truncate its log.
    await m3.sh(`systemctl stop etcd; f=$(ls /var/lib/etcd/member/wal/*.wal | tail -n 1); at=0; for n in $(seq 20); do
        length=$(od -A n -t d8 -j $at -N 8 $f); size=$((length & 0xffffffffffffff)); from=$((at + 8)); at=$((from + size + (length < 0 ? (length >> 56) & 7 : 0)))
      done; at=$((from + size - 1)); byte=$(od -A n -t u1 -j $at -N 1 $f)
      printf "\\\\x$(printf %02x $((byte ^ 255)))" | dd of=$f bs=1 seek=$at conv=notrunc status=none; systemctl start --no-block etcd`);
    await mends(/put the old data into .*crc mismatch/);
    await cluster.settled();
  });

  test("a restore that was cut off checks again whether etcd is healthy", async () => {
    await Promise.all(members.map((host) => host.sh("echo cut >/var/lib/ha-kubernetes/etcd-restore-approved")));
    const ids = await cluster.etcdClusterIds();
    stack.configure({ ...config, etcd: { ...etcd, restoreFrom: { id: "cut", snapshot: "none.db", sha256: "0".repeat(64) } } });
    const { status, text } = await stack.engine("up");
    assert.notEqual(status, 0);
    assert.match(text, /etcd is healthy, so nothing is restored/);
    stack.configure({ ...config, etcd });
    assert.equal((await stack.engine("up")).status, 0);
    assert.deepEqual(await cluster.etcdClusterIds(), ids);
  });

  test("snapshots are compressed and ordered by revision; one from the future is an error that hides no other", async () => {
    const taken = await runUnit(m1, "etcd-backup.service");
    assert.equal(taken.status, 0, taken.said);
    const newest = /^(\S+\.db\.gz): revision/m.exec(taken.said)?.[1] ?? "";
    // Snapshots of the previous release are not compressed. These have lower revisions and dates a year ahead.
    await m1.sh(`cd ${directory}; for n in 1 2 3 4 5 6; do
        f=${newest
          .split("/")
          .at(-1)
          ?.replace(/\.2\d+T\d+Z\..*/, "")}.20990101T00000\${n}Z.r$n.db; gzip -dc ${newest} >$f
        sed "s/^taken=.*/taken=$(($(date +%s) + 31536000))/;s/^revision=.*/revision=$n/;s/^size=.*/size=1/" ${newest}.facts >$f.facts; chown etcd:etcd $f*
      done`);
    const other = await runUnit(m1, "etcd-backup.service");
    assert.notEqual(other.status, 0);
    assert.match(other.said, /snapshots say that they were taken later than now/);
    const kept = (await m1.sh(`ls ${directory}`)).split("\n").filter((name) => /\.db(\.gz)?$/.test(name));
    assert.equal(kept.length, 5, kept.join("\n"));
    assert.equal(kept.filter((name) => name.endsWith(".gz")).length, 2, "both genuine ones are kept");
    const found = await checked(stack);
    assert.ok(
      found.some((line) => /^m1 FAIL snapshot of etcd: 3 of 5 say/.test(line)),
      found.join("\n"),
    );
    // The cure that the message names.
    await m1.sh(`rm ${directory}/*.20990101T*`);
    for (const unit of ["etcd-backup.service", "etcd-backup-drill.service"]) {
      const { status, said } = await runUnit(m1, unit);
      assert.equal(status, 0, said);
    }
    assert.ok(!(await checked(stack)).some((line) => / snapshot of etcd:/.test(line)));
  });

  test("a full database is reported and snapshots go on; raising the quota takes one edit and one up", async () => {
    await fill(m1, "fill");
    // Fills the database again after defragmentation.
    for (const host of members) await host.sh(`${ownEtcdctl} --command-timeout=60s defrag`);
    await cluster.etcdctl("alarm disarm");
    await fill(m1, "rest", { bytes: 200_000 });
    assert.match(await alarms(), /NOSPACE/);
    await assert.rejects(cluster.kubectl("create configmap full"), /database space exceeded/);
    const found = await checked(stack);
    assert.ok(
      found.some((line) => /^cluster FAIL etcd alarms: alarm:NOSPACE → raise etcd\.quotaMebibytes and run up/.test(line)),
      found.join("\n"),
    );
    const snapshot = await runUnit(m2, "etcd-backup.service");
    assert.equal(snapshot.status, 0, snapshot.said);
    const timer = await runUnit(m2, "etcd-defragment.service");
    assert.notEqual(timer.status, 0);
    assert.match(timer.said, /has reached its quota/);

    etcd.quotaMebibytes = 640;
    stack.configure({ ...config, etcd, repair: `word-${words}` });
    const { status, text } = await stack.engine("up");
    assert.equal(status, 0, text);
    assert.match(text, /disarmed etcd's alarm NOSPACE/);
    assert.equal((await alarms()).trim(), "");
    for (const host of members)
      assert.match(await host.sh(`curl -s 127.0.0.1:2381/metrics`), /^etcd_server_quota_backend_bytes 6\.7108864e\+08$/m);
    await cluster.kubectl("create configmap not-full");
    await cluster.settled();
  });

  test("a repair frees a full database after objects were deleted", async () => {
    await fill(m1, "again", { same: true });
    assert.match(await alarms(), /NOSPACE/);
    await cluster.kubectl("delete configmap not-full");
    await cluster.etcdctl("del --prefix fill");
    await mends(/disarmed etcd's alarm NOSPACE/);
    for (const host of members) assert.ok((await databaseOf(host)).size < 300e6, host.name);
    await cluster.kubectl("create configmap not-full-either");
  });

  test("defragmentation waits for absent members, begins with followers, and moves the leader", async () => {
    await fill(m1, "waste", { same: true, count: 150 });
    await cluster.etcdctl("del waste");
    await compact(m1);
    // Each member compacts at its own pace.
    const states = await eventually("much to be unused on each member", 60, async () => {
      const all = await Promise.all(members.map(databaseOf));
      return all.every(({ size, used }) => used * 2 < size) && all;
    });
    const leader = members[states.findIndex(({ leads }) => leads)] ?? m1;
    const [first, second] = members.filter((host) => host !== leader);
    assert.ok(first && second);
    await second.sh("systemctl stop etcd");
    assert.match(
      (await runUnit(first, "etcd-defragment.service")).said,
      new RegExp(`not now: the member of ${second.name} is away`),
    );
    await second.sh("systemctl start etcd");
    assert.match((await runUnit(leader, "etcd-defragment.service")).said, /this member leads, and a follower is due first/);
    for (const host of [first, second, leader]) {
      const { status, said } = await runUnit(host, "etcd-defragment.service");
      assert.equal(status, 0, said);
      assert.match(said, /defragmented: \d+ MiB were, \d+ MiB are/);
      const { size, used, leads } = await databaseOf(host);
      assert.ok(size - used < size / 10 && !leads, `${host.name} ${size} ${used} ${leads}`);
      assert.match((await runUnit(host, "etcd-defragment.service")).said, /nothing to do/);
    }
    await cluster.settled();
    assert.deepEqual(
      (await checked(stack)).filter((line) => / etcd( database| members| alarms)?:/.test(line)),
      [],
    );
  });
});
