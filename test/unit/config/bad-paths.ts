import { metal } from "../../harness/samples.ts";
import { type Bad, bad } from "./bad-sample.ts";

// Places of etcd's data and snapshots.

const data = [
  "/etc",
  "/usr",
  "/var",
  "/home",
  "/root",
  "/root/etcd",
  "/var/lib",
  "/var/lib/kubelet",
  "/var/lib/kubelet/etcd",
  "/opt",
  "/opt/ha-kubernetes/etcd",
  "/tmp/etcd",
  "/run/etcd",
  "/usr/lib/etcd/",
];

export const badPaths: readonly Bad[] = [
  ...data.map((path) =>
    bad(
      `etcd's data in ${path}`,
      (c) => {
        c.etcd = { dataDirectory: path };
        // Its default would be in /var and /var/lib, or beside them.
        c.etcd.backup = { directory: "/snapshots/etcd" };
      },
      "cluster.etcd.dataDirectory",
    ),
  ),
  ...["/home", "/var/backups", "/etc", "/var/tmp/etcd"].map((path) =>
    bad(
      `snapshots in ${path}`,
      (c) => {
        c.etcd = { backup: { directory: path } };
      },
      "cluster.etcd.backup.directory",
    ),
  ),
  {
    mistake: "snapshots and copies where their service may only read",
    from: metal,
    edit: (c) => {
      c.etcd = { backup: { directory: "/usr/local/backup", copyToDirectory: "/usr/local/copies" } };
    },
    keys: ["cluster.etcd.backup.directory", "cluster.etcd.backup.copyToDirectory"],
  },
  {
    mistake: "copies of snapshots among the data",
    from: metal,
    edit: (c) => {
      c.etcd = { backup: { copyToDirectory: "/var/lib/etcd/copies" } };
    },
    keys: ["cluster.etcd.backup.copyToDirectory"],
  },
  {
    mistake: "copies of snapshots among the snapshots",
    from: metal,
    edit: (c) => {
      c.etcd = { backup: { copyToDirectory: "/var/backups/ha-kubernetes/copies" } };
    },
    keys: ["cluster.etcd.backup.copyToDirectory"],
  },
  {
    mistake: "a directory as the device",
    from: metal,
    edit: (c) => {
      c.hosts.m1.dataDevice = "/var/lib/etcd";
    },
    keys: ["cluster.hosts.m1.dataDevice"],
  },
];
