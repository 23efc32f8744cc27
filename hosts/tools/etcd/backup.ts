import { readFileSync } from "node:fs";
import { plainHostKey } from "../../../config/keys.ts";
import type { Cluster } from "../../../config/schema.ts";
import type { HostFile } from "../../stage.ts";

// Snapshots on a timer and before upgrades, and the drill that shows they restore. Every etcd host takes its own of its own member, so that any one
// host that is left can restore the cluster. All paths match */etcd-backup*: what differs there never restarts etcd.

export interface BackupArgs {
  host: { name: string };
  owner: string;
  backup: Cluster["etcd"]["backup"];
  /** etcd.dataDirectory: where it shares a disk with the snapshots, more of that stays free. */
  dataDirectory: string;
  /** Private key for etcd.backup.copyToSsh. */
  sshKey?: string;
  /** The bucket that copies go to. Default: that of etcd.backup.copyToS3; without either, none. */
  bucket?: BackupBucket;
}

/** A bucket for snapshots; see etcd.backup.copyToS3. */
export interface BackupBucket {
  bucket: string;
  region: string;
  prefix: string;
  endpoint?: string;
}

/** What snapshots of this host are called: of one cluster's life, so that none of an earlier cluster is ever pruned. */
const backupName = (owner: string, host: string) => `${owner.replace("/", "-")}.${host}`;

/** Settings that the stage's script needs, also to leave the snapshots alone when it is undone. */
export function backupSettings({ host, owner, backup, bucket = backup.copyToS3 }: BackupArgs): Record<string, string> {
  return {
    BACKUP_DIRECTORY: backup.directory,
    BACKUP_COPY_DIRECTORY: backup.copyToDirectory ?? "",
    BACKUP_SSH_DIRECTORY: backup.copyToSsh?.directory ?? "",
    ...(bucket && { BACKUP_S3_URL: objectsUrl(bucket), BACKUP_S3_REGION: bucket.region }),
    BACKUP_NAME: backupName(owner, host.name),
    BACKUP_TIMERS: [backup.enabled && "etcd-backup.timer", backup.enabled && backup.drill && "etcd-backup-drill.timer"]
      .filter(Boolean)
      .join(" "),
  };
}

/** Where objects lie, without a slash at the end. */
export function objectsUrl({ bucket, region, prefix, endpoint }: BackupBucket): string {
  const base = endpoint ? `${endpoint.replace(/\/+$/, "")}/${bucket}` : `https://${bucket}.s3.${region}.amazonaws.com`;
  return `${base}/${prefix}`;
}

/**
 * Scripts, units and settings. Where snapshots on a timer are off, what takes one before an upgrade stays.
 *
 * @throws Error where snapshots are to be copied by SSH and there is no key
 */
export function backupFiles(args: BackupArgs): HostFile[] {
  const { backup, bucket = backup.copyToS3 } = args;
  // How copies are reached. A restore needs it, too.
  const ways = [
    ...(backup.copyToSsh === undefined ? [] : sshFiles(args, backup.copyToSsh)),
    ...(bucket === undefined ? [] : [script("s3", "0644", "../s3.sh")]),
  ];
  const settings = {
    BACKUP_NAME: backupName(args.owner, args.host.name),
    BACKUP_DIRECTORY: backup.directory,
    BACKUP_KEEP: backup.keep,
    BACKUP_MEBIBYTES: backup.maximumMebibytes,
    BACKUP_MINUTES: backup.intervalMinutes,
    DATA_DIRECTORY: args.dataDirectory,
    COPY_DIRECTORY: backup.copyToDirectory ?? "",
    SSH_DIRECTORY: backup.copyToSsh?.directory ?? "",
    ...(bucket && { S3_URL: objectsUrl(bucket), S3_REGION: bucket.region }),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  return [
    { path: "/etc/etcd-backup/settings.env", content: lines.join("") },
    script("common", "0644"),
    script("snapshot"),
    { path: "/etc/systemd/system/etcd-backup.service", content: service("Snapshot of etcd", "snapshot") },
    ...(backup.enabled ? [{ path: "/etc/systemd/system/etcd-backup.timer", content: backupTimer(backup.intervalMinutes) }] : []),
    ...(backup.enabled && backup.drill
      ? [
          script("drill"),
          {
            path: "/etc/systemd/system/etcd-backup-drill.service",
            content: service("Restore drill of etcd's newest snapshot", "drill"),
          },
          { path: "/etc/systemd/system/etcd-backup-drill.timer", content: drillTimer },
        ]
      : []),
    ...ways,
  ];
}

const script = (name: string, mode = "0755", source = `${name}.sh`): HostFile => ({
  path: `/usr/local/lib/etcd-backup/${name}.sh`,
  content: readFileSync(new URL(source, import.meta.url), "utf8"),
  mode,
});

// A pinned key of RSA is proven by SHA-2 alone.
function sshFiles({ sshKey }: BackupArgs, target: NonNullable<BackupArgs["backup"]["copyToSsh"]>): HostFile[] {
  if (sshKey === undefined) throw new Error("cluster.etcd.backup.copyToSsh is set and there is no secret backupSshPrivateKey");
  const [kind = "", key = ""] = plainHostKey(target.hostKey).split(" ");
  const algorithms = kind === "ssh-rsa" ? (/rsa-sha2-\d+/.exec(target.hostKey)?.[0] ?? "rsa-sha2-512,rsa-sha2-256") : kind;
  const config = {
    HostName: target.host,
    Port: target.port,
    User: target.user,
    IdentityFile: "/etc/etcd-backup/ssh.key",
    IdentitiesOnly: "yes",
    UserKnownHostsFile: "/etc/etcd-backup/known_hosts",
    GlobalKnownHostsFile: "/dev/null",
    HostKeyAlias: "target",
    HostKeyAlgorithms: algorithms,
    StrictHostKeyChecking: "yes",
    BatchMode: "yes",
    LogLevel: "ERROR",
    ConnectTimeout: 20,
    ServerAliveInterval: 15,
  };
  const lines = Object.entries(config).map(([name, value]) => `  ${name} ${value}\n`);
  return [
    { path: "/etc/etcd-backup/ssh_config", content: `Host target\n${lines.join("")}` },
    { path: "/etc/etcd-backup/known_hosts", content: `target ${kind} ${key}\n` },
    { path: "/etc/etcd-backup/ssh.key", content: `${sshKey.trimEnd()}\n`, mode: "0600", owner: "etcd:etcd" },
  ];
}

// As the user etcd, whose data it is, and behind whatever else the host does.
const service = (what: string, name: string) => `[Unit]
Description=${what}
After=etcd.service network-online.target
# A few by hand, one after another, are no reason to refuse the next.
StartLimitIntervalSec=0

[Service]
Type=oneshot
User=etcd
EnvironmentFile=/etc/etcd-backup/settings.env
ExecStart=/usr/local/lib/etcd-backup/${name}.sh
TimeoutStartSec=1h
NoNewPrivileges=yes
ProtectSystem=full
Nice=10
IOSchedulingClass=idle
`;

// From one start to the next. Hosts keep their own distance from each other, a tenth of the interval at most.
const backupTimer = (minutes: number) => `[Unit]
Description=Snapshot of etcd every ${minutes} minutes

[Timer]
OnActiveSec=${Math.min(minutes, 5)}min
OnUnitActiveSec=${minutes}min
RandomizedDelaySec=${minutes * 6}s
FixedRandomDelay=yes

[Install]
WantedBy=timers.target
`;

const drillTimer = `[Unit]
Description=Restore drill once a day

[Timer]
OnCalendar=daily
RandomizedDelaySec=6h
FixedRandomDelay=yes
Persistent=yes

[Install]
WantedBy=timers.target
`;
