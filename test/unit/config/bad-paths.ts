import { type Bad, metal, type Written } from "./samples.ts";

// Places of etcd's data and snapshots.

const alone = (path: string, why: string) =>
  `cluster.etcd.dataDirectory is "${path}", ${why} | allowed: a directory for etcd alone, such as /var/lib/etcd`;
const snapshots = (path: string, why: string) =>
  `cluster.etcd.backup.directory is "${path}", ${why} | allowed: a directory for etcd alone, such as /var/backups/ha-kubernetes`;

const data: readonly [path: string, why: string][] = [
  ["/etc", "the system's own"],
  ["/usr", "above /usr/bin"],
  ["/var", "above /var/lock"],
  ["/home", "where others keep their things too"],
  ["/root", "closed to the user etcd"],
  ["/root/etcd", "in /root, which is closed to the user etcd"],
  ["/var/lib", "above /var/lib/ha-kubernetes"],
  ["/var/lib/kubelet", "Kubernetes' own"],
  ["/var/lib/kubelet/etcd", "in /var/lib/kubelet, which is Kubernetes' own"],
  ["/opt", "above /opt/ha-kubernetes"],
  ["/opt/ha-kubernetes/etcd", "in /opt/ha-kubernetes, which is this program's own"],
  ["/tmp/etcd", "in /tmp, which is emptied at boot or by age"],
  ["/run/etcd", "in /run, which is emptied at boot or by age"],
  ["/usr/lib/etcd/", "in /usr/lib, which is the system's own"],
];

/** Each with its exact message. */
export const badPaths: readonly Bad[] = [
  ...data.map(
    ([path, why]): Bad => ({
      mistake: `etcd's data in ${path}`,
      from: metal,
      edit: (c: Written) => {
        c.etcd = { dataDirectory: path };
        // Its default would be in /var and /var/lib, or beside them.
        c.etcd.backup = { directory: "/snapshots/etcd" };
      },
      says: [alone(path.replace(/\/$/, ""), why)],
    }),
  ),
  ...(
    [
      ["/home", "where others keep their things too"],
      ["/var/backups", "where others keep their things too"],
      ["/etc", "the system's own"],
      ["/var/tmp/etcd", "in /var/tmp, which is emptied at boot or by age"],
    ] as const
  ).map(
    ([path, why]): Bad => ({
      mistake: `snapshots in ${path}`,
      from: metal,
      edit: (c: Written) => {
        c.etcd = { backup: { directory: path } };
      },
      says: [snapshots(path, why)],
    }),
  ),
  {
    mistake: "snapshots and copies where their service may only read",
    from: metal,
    edit: (c) => {
      c.etcd = { backup: { directory: "/usr/local/backup", copyToDirectory: "/usr/local/copies" } };
    },
    says: [
      'cluster.etcd.backup.directory is "/usr/local/backup", read-only for the service that takes snapshots | allowed: a directory outside /boot, /efi, /etc, /usr',
      'cluster.etcd.backup.copyToDirectory is "/usr/local/copies", read-only for the service that takes snapshots | allowed: a directory outside /boot, /efi, /etc, /usr',
    ],
  },
  {
    mistake: "copies of snapshots among the data",
    from: metal,
    edit: (c) => {
      c.etcd = { backup: { copyToDirectory: "/var/lib/etcd/copies" } };
    },
    says: [
      'cluster.etcd.backup.copyToDirectory is "/var/lib/etcd/copies" | allowed: a directory apart from cluster.etcd.dataDirectory, /var/lib/etcd, which is emptied when the host leaves',
    ],
  },
  {
    mistake: "copies of snapshots among the snapshots",
    from: metal,
    edit: (c) => {
      c.etcd = { backup: { copyToDirectory: "/var/backups/ha-kubernetes/copies" } };
    },
    says: [
      'cluster.etcd.backup.copyToDirectory is "/var/backups/ha-kubernetes/copies" | allowed: a directory apart from cluster.etcd.backup.directory, /var/backups/ha-kubernetes, on another disk',
    ],
  },
  {
    mistake: "a directory as the device",
    from: metal,
    edit: (c) => {
      c.hosts.m1.dataDevice = "/var/lib/etcd";
    },
    says: [
      'cluster.hosts.m1.dataDevice is "/var/lib/etcd" | allowed: a block device below /dev, such as /dev/disk/by-id/NAME | cure: the directory is cluster.etcd.dataDirectory',
    ],
  },
];
