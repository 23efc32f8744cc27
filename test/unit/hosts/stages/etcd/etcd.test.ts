import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { parseCluster } from "../../../../../config/parse.ts";
import { ports } from "../../../../../config/ports.ts";
import { type EtcdStageArgs, etcdStage } from "../../../../../hosts/stages/etcd/etcd.ts";
import { etcdClusterId, restoreSettings } from "../../../../../hosts/stages/etcd/restore.ts";
import { opensshKey } from "../../../../../keys/openssh.ts";
import { must } from "../../../../harness/process.ts";
import { known, metal } from "../../../../harness/samples.ts";

const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPSYmFiqFGuYmYrVKtPcaRXTvSOrCFWBFvYhWpmUNLZr nas";
const target = { host: "nas.example.com", port: 2222, user: "backup", directory: "/srv/etcd", hostKey };
const members = ["m1", "m2", "m3"].map((name, index) => ({ name, address: `10.0.0.1${index + 1}` }));

function stage(etcd: object, more: Partial<EtcdStageArgs> = {}) {
  const parsed = parseCluster({ ...metal(), etcd }, known);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return etcdStage({
    host: { name: "m1", address: "10.0.0.11" },
    owner: "prod/0011aabb",
    cluster: parsed.cluster,
    version: "3.6.14",
    tls: { authority: "CA", certificate: "CERTIFICATE", key: "KEY" },
    birth: { bootstrap: true, members },
    restores: [],
    ...more,
  });
}

const files = (etcd: object, more?: Partial<EtcdStageArgs>) =>
  Object.fromEntries((stage(etcd, more).files ?? []).map((file) => [file.path, file]));
const ofEtcd = ["/etc/systemd/system/etcd.service", "/etc/etcd/etcd.env"].concat(
  ["ca.crt", "member.crt", "member.key"].map((name) => `/etc/etcd/pki/${name}`),
);

test("by default each etcd host has a snapshot every 30 minutes and a drill a day", () => {
  const all = files({});
  assert.match(all["/etc/systemd/system/etcd-backup.timer"]?.content ?? "", /^OnUnitActiveSec=30min$/m);
  assert.match(all["/etc/systemd/system/etcd-backup-drill.timer"]?.content ?? "", /^OnCalendar=daily$/m);
  assert.equal(
    all["/etc/etcd-backup/settings.env"]?.content,
    "BACKUP_NAME=prod-0011aabb.m1\nBACKUP_DIRECTORY=/var/backups/ha-kubernetes\nBACKUP_KEEP=48\nBACKUP_MEBIBYTES=10240\nBACKUP_MINUTES=30\nDATA_DIRECTORY=/var/lib/etcd\nCOPY_DIRECTORY=\nSSH_DIRECTORY=\n",
  );
  assert.equal(stage({}).settings?.BACKUP_TIMERS, "etcd-backup.timer etcd-backup-drill.timer");
});

test("what belongs to snapshots is told by its path from what restarts etcd", () => {
  const all = Object.keys(files({ backup: { copyToSsh: target } }, { backupSshKey: "SECRET" }));
  assert.deepEqual(
    all.filter((path) => !/\/etcd-(backup|defragment)/.test(path)),
    ofEtcd,
  );
  const changed = files({
    defragmentation: { unusedPercent: 20 },
    backup: { intervalMinutes: 5, keep: 3, directory: "/srv/etcd", copyToDirectory: "/mnt/nas" },
  });
  const before = files({});
  for (const path of ofEtcd) assert.deepEqual(changed[path], before[path]);
});

test("without snapshots on a timer only what takes one before an upgrade is left, without the drill nothing of that", () => {
  assert.deepEqual(
    Object.keys(files({ backup: { enabled: false }, defragmentation: { enabled: false } })).filter(
      (path) => !ofEtcd.includes(path),
    ),
    [
      "/etc/etcd-backup/settings.env",
      "/usr/local/lib/etcd-backup/common.sh",
      "/usr/local/lib/etcd-backup/snapshot.sh",
      "/etc/systemd/system/etcd-backup.service",
    ],
  );
  assert.equal(stage({ backup: { enabled: false } }).settings?.BACKUP_TIMERS, "");
  const undrilled = { backup: { drill: false } };
  assert.ok(!Object.keys(files(undrilled)).some((path) => path.includes("drill")));
  assert.equal(stage(undrilled).settings?.BACKUP_TIMERS, "etcd-backup.timer");
});

test("the SSH target's host key is pinned, and only the user etcd reads the private key", () => {
  const all = files({ backup: { copyToSsh: target } }, { backupSshKey: "SECRET" });
  assert.deepEqual(all["/etc/etcd-backup/ssh.key"], {
    path: "/etc/etcd-backup/ssh.key",
    content: "SECRET\n",
    mode: "0600",
    owner: "etcd:etcd",
  });
  assert.equal(all["/etc/etcd-backup/known_hosts"]?.content, `target ${hostKey.replace(" nas", "")}\n`);
  assert.match(all["/etc/etcd-backup/ssh_config"]?.content ?? "", /StrictHostKeyChecking yes/);
  const { publicKey = "" } = opensshKey(generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey) ?? {};
  for (const [line, algorithms] of [
    [publicKey, "rsa-sha2-512,rsa-sha2-256"],
    [publicKey.replace("ssh-rsa", "rsa-sha2-512"), "rsa-sha2-512"],
    [`nas ${publicKey}`, "rsa-sha2-512,rsa-sha2-256"],
  ]) {
    const rsa = files({ backup: { copyToSsh: { ...target, hostKey: line } } }, { backupSshKey: "SECRET" });
    assert.equal(rsa["/etc/etcd-backup/known_hosts"]?.content, `target ${publicKey}\n`);
    assert.match(rsa["/etc/etcd-backup/ssh_config"]?.content ?? "", new RegExp(`HostKeyAlgorithms ${algorithms}\\n`));
  }
  assert.throws(() => stage({ backup: { copyToSsh: target } }), /there is no secret backupSshPrivateKey/);
});

test("a copy to S3 is signed for the bucket's region, at AWS's name or the endpoint's; the provider's bucket is another way to name one", () => {
  const copyToS3 = { bucket: "prod-backups", region: "eu-central-1" };
  const env = (all: ReturnType<typeof files>) => all["/etc/etcd-backup/settings.env"]?.content ?? "";
  assert.match(
    env(files({ backup: { copyToS3 } })),
    /^S3_URL=https:\/\/prod-backups\.s3\.eu-central-1\.amazonaws\.com\/etcd\nS3_REGION=eu-central-1$/m,
  );
  const own = { ...copyToS3, prefix: "a/b", endpoint: "http://minio.example.com:9000/" };
  assert.match(env(files({ backup: { copyToS3: own } })), /^S3_URL=http:\/\/minio\.example\.com:9000\/prod-backups\/a\/b$/m);
  const backupBucket = { bucket: "made", region: "us-east-1", prefix: "etcd" };
  assert.match(env(files({}, { backupBucket })), /^S3_URL=https:\/\/made\.s3\.us-east-1\.amazonaws\.com\/etcd$/m);
  assert.equal(stage({}, { backupBucket }).settings?.BACKUP_S3_REGION, "us-east-1");
  assert.ok("/usr/local/lib/etcd-backup/s3.sh" in files({}, { backupBucket }));
  // A restore reads from there, also where no more snapshots are taken.
  assert.ok("/usr/local/lib/etcd-backup/s3.sh" in files({ backup: { enabled: false, copyToS3 } }));
  assert.ok(!("/usr/local/lib/etcd-backup/s3.sh" in files({})));
});

test("metrics are on loopback alone, unless the nodes may read them", () => {
  const listens = (etcd: object) =>
    /^ETCD_LISTEN_METRICS_URLS=(.*)$/m.exec(files(etcd)["/etc/etcd/etcd.env"]?.content ?? "")?.[1];
  assert.equal(listens({}), "http://127.0.0.1:2381");
  assert.equal(listens({ metrics: "nodes" }), "http://127.0.0.1:2381,http://10.0.0.11:2381");
  const open = (etcd: object) => {
    const parsed = parseCluster({ ...metal(), etcd }, known);
    assert.ok(parsed.ok);
    return ports(["etcd"], parsed.cluster).map(({ number, source }) => `${number} ${source}`);
  };
  assert.deepEqual(open({}), ["2379 nodes", "2380 nodes"]);
  assert.deepEqual(open({ metrics: "nodes" }), ["2379 nodes", "2380 nodes", "2381 nodes and pods"]);
});

test("defragmentation is on by default and off where that is said", () => {
  assert.equal(stage({}).settings?.DEFRAGMENT_TIMER, "etcd-defragment.timer");
  assert.match(files({})["/etc/systemd/system/etcd-defragment.service"]?.content ?? "", /^Environment=UNUSED_PERCENT=45$/m);
  const off = { defragmentation: { enabled: false } };
  assert.equal(stage(off).settings?.DEFRAGMENT_TIMER, "");
  assert.ok(!Object.keys(files(off)).some((path) => path.includes("defragment")));
});

test("etcd doesn't start without data, unless it was just told what it is born into", () => {
  const unit = files({ dataDirectory: "/srv/etcd-data" })["/etc/systemd/system/etcd.service"]?.content ?? "";
  assert.deepEqual(unit.match(/AssertPathExists=.*/g), [
    "AssertPathExists=|/srv/etcd-data/member/wal",
    "AssertPathExists=|/etc/etcd/birth.env",
  ]);
});

test("an argument of etcd is one word of its unit, whatever is in it", () => {
  const extraArgs = { "snapshot-count": "9000", "log-rotation-config-json": '{"maxsize": 100}', cors: "https://a%b$c" };
  const unit = files({ extraArgs })["/etc/systemd/system/etcd.service"]?.content ?? "";
  const [, words] = /^ExecStart=\S+\/etcd \\\n((?: {2}.*\n){3})/m.exec(unit) ?? [];
  assert.equal(
    words,
    '  --snapshot-count=9000 \\\n  "--log-rotation-config-json={\\"maxsize\\": 100}" \\\n  --cors=https://a%%b$$c\n',
  );
});

// The ids that etcdutl 3.6.14 printed for this very restore.
test("the id of a restored cluster is known before there is one", () => {
  const urls = [1, 2, 3].map((last) => `https://10.0.0.${last}:2380`);
  assert.equal(etcdClusterId("own/x", urls), BigInt("0x680ed84512b9447d").toString());
  assert.equal(etcdClusterId("own/x", [...urls].reverse()), etcdClusterId("own/x", urls));
});

test("each restore makes another cluster", () => {
  const restore = { id: "first", snapshot: "a.db", sha256: "0".repeat(64), replaceHealthyCluster: false };
  const restores = ["first", "second"];
  const first = restoreSettings("prod/0011aabb", restore, members, restores);
  const second = restoreSettings("prod/0011aabb", { ...restore, id: "second" }, members, restores);
  // Of the same snapshot, it may be: no revision comes twice.
  assert.equal(first.RESTORE_REVISIONS, "1000000000");
  assert.equal(second.RESTORE_REVISIONS, "2000000000");
  assert.notEqual(first.RESTORE_CLUSTER_ID, second.RESTORE_CLUSTER_ID);
  assert.equal(first.RESTORE_TOKEN, "prod/0011aabb/first");
  assert.equal(first.RESTORE_REPLACES_HEALTHY, "no");
});

test("a restore is settings of the stage alone: no file of etcd changes with it", () => {
  const restoreFrom = { id: "today", snapshot: "a.db", sha256: "0".repeat(64) };
  assert.deepEqual(stage({ restoreFrom }).files, stage({}).files);
  assert.ok(!Object.keys(stage({}).settings ?? {}).some((name) => name.startsWith("RESTORE")));
  assert.equal(
    stage({ restoreFrom }).settings?.RESTORE_CLUSTER,
    members.map((m) => `${m.name}=https://${m.address}:2380`).join(","),
  );
});

test("a restarting member does not count as healthy while its old process still answers", async () => {
  const hosts = new URL("../../../../../hosts/", import.meta.url).pathname;
  const said = await must("bash", [
    "-c",
    `set -euo pipefail
    directory=$(mktemp -d); trap 'rm -r $directory' EXIT
    # systemd that takes its time to stop the process that runs: until somebody has asked that one.
    echo one >$directory/invocation
    systemctl() {
      case $1 in
        restart) { until [ -s $directory/asked ]; do sleep 0.05; done; echo two >$directory/invocation; } & ;;
        show) cat $directory/invocation ;;
      esac
    }
    STAGE_NAME=etcd HOST_NAME=m1 ETCD_VERSION=3.6.14 DATA_DIRECTORY=$directory PEER_URL=https://10.0.0.11:2380
    mkdir -p $directory/member/wal
    . ${hosts}lib/common.sh
    . <(sed '/^apply_etcd$/d' ${hosts}stages/etcd/apply.sh)
    install_all() { :; }
    old_is_unused() { :; }
    still_my_turn() { :; }
    etcd_was_born() { :; }
    other_members_healthy() { :; }
    started() { :; }
    etcd_healthy_here() { cat $directory/invocation >>$directory/asked; }
    etcd_change
    cat $directory/asked`,
  ]);
  assert.equal(said, "one\ntwo\n");
});
