// snapshots, their copies and the drill; etcd is restored from a snapshot while it is healthy, and after all its data is lost
import assert from "node:assert/strict";
import { test } from "node:test";
import ssh2 from "ssh2";
import type { LabHost } from "../harness/lab.ts";
import { assertNothingRuns, loginsOf, onCluster } from "../harness/scenario.ts";
import { threePlusTwo } from "../harness/stack.ts";
import { answeringNodes, startWhereAmI } from "../harness/workload.ts";

const config = await threePlusTwo("test-backup");
const directory = "/var/backups/ha-kubernetes";
const elsewhere = "/mnt/elsewhere";
/** The host that serves as the SFTP target outside of the cluster. */
const target = { user: "ops", directory: "/home/ops" };

onCluster(config, (scenario) => {
  const { stack, cluster } = scenario;
  const members = cluster.withRole("etcd");
  const m1 = cluster.host("m1");

  /** Edits the config's etcd section, runs `up` and returns its result. */
  async function upWith(etcd: object) {
    config.etcd = etcd;
    stack.configure(config);
    return stack.engine("up");
  }
  const eachMember = <T>(action: (host: LabHost) => Promise<T>) => Promise.all(members.map(action));
  const run = (host: LabHost, unit: string) =>
    host.trySh(`systemctl start ${unit} || { journalctl -u ${unit} -n 20 -o cat; exit 1; }`);
  const newest = async (host: LabHost) => (await host.sh(`find ${directory} -name '*.db.gz' | sort | tail -n 1`)).trim();
  const configMaps = async () => (await cluster.list("configmaps -n default")).map(({ metadata }) => metadata.name);
  const backup = { keep: 2, intervalMinutes: 120, copyToDirectory: elsewhere, copyToSsh: {} };
  let restoreFrom: { id: string; snapshot: string; sha256: string };

  test("every etcd host takes a snapshot that only the user etcd can read", async () => {
    await cluster.settled();
    await cluster.kubectl("create configmap before-the-snapshot -n default");
    await eachMember(async (host) => {
      const { status, stdout } = await run(host, "etcd-backup.service");
      assert.equal(status, 0, stdout);
      assert.equal(await host.sh(`stat -c '%a %U' ${directory} ${await newest(host)}`), "700 etcd\n600 etcd\n");
      const timers = await host.sh("systemctl is-active etcd-backup.timer etcd-backup-drill.timer");
      assert.equal(timers, "active\nactive\n");
    });
  });

  test("new backup settings touch neither etcd nor other hosts, and copies leave the host", async () => {
    const key = ssh2.utils.generateKeyPairSync("ed25519");
    const { address } = cluster.host("w1");
    await cluster.host("w1").sh(`echo '${key.public}' >>/etc/ssh/authorized_keys`);
    const hostKey = (await cluster.host("w1").sh("cat /etc/ssh/ssh_host_ed25519_key.pub")).trim();
    await eachMember((host) => host.sh(`mkdir -p ${elsewhere} && mount -t tmpfs -o mode=0777 tmpfs ${elsewhere}`));
    await stack.secret("backupSshPrivateKey", key.private);
    backup.copyToSsh = { ...target, host: address, hostKey };

    const processes = () => eachMember((host) => host.sh("systemctl show -p MainPID --value etcd"));
    const [pids, logins] = [await processes(), await loginsOf(cluster)];
    const { status, text } = await upWith({ backup });
    assert.equal(status, 0, text);
    assert.deepEqual(await processes(), pids);
    const after = await loginsOf(cluster);
    for (const worker of ["w1", "w2"]) assert.equal(after[worker], logins[worker], `${worker} was logged in to`);

    await eachMember(async (host) => {
      for (const round of [1, 2, 3]) {
        const { status, stdout } = await run(host, "etcd-backup.service");
        assert.equal(status, 0, `${round}: ${stdout}`);
      }
      for (const place of [directory, elsewhere]) {
        assert.equal((await host.sh(`find ${place} -name '*.db.gz' | wc -l`)).trim(), "2", place);
      }
      const name = (await newest(host)).split("/").at(-1);
      const there = await cluster
        .host("w1")
        .sh(`sha256sum ${target.directory}/${name} && ls ${target.directory}/*.${host.name}.*.db.gz | wc -l`);
      const here = await host.sh(`sed -n s/^sha256=//p ${directory}/${name}.facts`);
      assert.deepEqual(
        there.split(/\s+/).filter((part) => part !== "" && !part.startsWith("/")),
        [here.trim(), "2"],
      );
    });
  });

  test("a failed copy fails the unit and says why", async () => {
    await m1.sh(`umount ${elsewhere}`);
    const unmounted = await run(m1, "etcd-backup.service");
    assert.notEqual(unmounted.status, 0);
    assert.match(unmounted.stdout, /is what belongs there mounted\?/);
    await m1.sh(
      `mount -t tmpfs -o mode=0777 tmpfs ${elsewhere}; sed -i.kept 's/ed25519 AAAAC3/ed25519 AAAAC4/' /etc/etcd-backup/known_hosts`,
    );
    const other = await run(m1, "etcd-backup.service");
    assert.notEqual(other.status, 0);
    assert.match(other.stdout, /Host key verification failed/);
    await m1.sh("mv /etc/etcd-backup/known_hosts.kept /etc/etcd-backup/known_hosts");
    const mended = await run(m1, "etcd-backup.service");
    assert.equal(mended.status, 0, mended.stdout);
  });

  test("the drill restores the newest snapshot and detects a changed one", async () => {
    const good = await run(m1, "etcd-backup-drill.service");
    assert.equal(good.status, 0, good.stdout);
    assert.match(await m1.sh("journalctl -u etcd-backup-drill -n 5 -o cat"), /restores: revision \d+, \d+ keys/);
    const file = await newest(m1);
    await m1.sh(`cp -p ${file} /root/kept && printf X | dd of=${file} bs=1 seek=100000 conv=notrunc status=none`);
    const changed = await run(m1, "etcd-backup-drill.service");
    assert.notEqual(changed.status, 0);
    assert.match(changed.stdout, /SHA-256 is [0-9a-f]{64}, but was/);
    await m1.sh(`cp -p /root/kept ${file}`);
    assert.equal((await run(m1, "etcd-backup-drill.service")).status, 0);
    assert.equal(await m1.sh(`find ${directory} -mindepth 1 -name '.*' ! -name .ha-kubernetes; ss -ltn | grep 2391 || true`), "");
  });

  test("a restore refuses to replace a healthy etcd by default", async () => {
    const file = await newest(m1);
    await cluster.kubectl("create configmap after-the-snapshot -n default");
    // Every member gets it by name from the SFTP target.
    const sha256 = (await m1.sh(`sed -n s/^sha256=//p ${file}.facts`)).trim();
    restoreFrom = { id: "first", snapshot: file.split("/").at(-1) ?? "", sha256 };
    const { status, text } = await upWith({ backup, restoreFrom });
    assert.notEqual(status, 0);
    assert.match(text, /etcd is healthy, so nothing is restored/);
    assert.ok((await configMaps()).includes("after-the-snapshot"));
  });

  test("a confirmed restore brings back the snapshot's state as a new etcd cluster", async () => {
    const before = await cluster.etcdClusterIds();
    const { status, text } = await upWith({ backup, restoreFrom: { ...restoreFrom, replaceHealthyCluster: true } });
    assert.equal(status, 0, text);
    await cluster.settled(300);
    const names = await configMaps();
    assert.ok(names.includes("before-the-snapshot") && !names.includes("after-the-snapshot"), names.join());
    const ids = await cluster.etcdClusterIds();
    assert.equal(ids.size, 1);
    for (const id of ids) assert.ok(!before.has(id), "another cluster, another id");
    const [pod] = await startWhereAmI(cluster);
    assert.ok(pod);
    assert.equal((await answeringNodes(cluster, pod)).size, 2);
    await assertNothingRuns(scenario);
  });

  test("a cluster whose etcd lost all its data comes back with the same command", async () => {
    await eachMember((host) => host.sh("systemctl stop etcd; rm -rf /var/lib/etcd/member"));
    const { status, text } = await upWith({ backup, restoreFrom: { ...restoreFrom, id: "second" } });
    assert.equal(status, 0, text);
    await cluster.settled(300);
    assert.ok((await configMaps()).includes("before-the-snapshot"));
    const { members } = JSON.parse(await cluster.etcdctl("member list -w json"));
    assert.equal(members.length, 3);
  });

  test("removing restoreFrom from the config changes nothing", async () => {
    const ids = await cluster.etcdClusterIds();
    const { status, text } = await upWith({ backup });
    assert.equal(status, 0, text);
    assert.deepEqual(await cluster.etcdClusterIds(), ids);
    await assertNothingRuns(scenario);
  });
});
