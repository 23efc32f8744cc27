import { aws } from "../../harness/samples.ts";
import { type Bad, bad } from "./bad-sample.ts";

// Storage of the add-ons, and the cache of DNS.

const share = { server: "10.0.0.9", share: "/srv/pods" };
const threeDisks = { m1: ["/dev/sdb"], m2: ["/dev/sdb"], m3: ["/dev/sdb"] };

export const badStorage: readonly Bad[] = [
  bad(
    "two classes that are the default, and two of one name",
    (c) => {
      c.addons = {
        nfs: { classes: { files: { ...share, default: true }, more: share } },
        rookCeph: { disks: threeDisks, className: "more", default: true },
      };
    },
    "cluster.addons.rookCeph.default",
    "cluster.addons.rookCeph",
  ),
  bad(
    "Ceph on two hosts, one of which there is not, with the disk of an etcd member",
    (c) => {
      c.hosts.m1.dataDevice = "/dev/sdb";
      c.addons = { rookCeph: { disks: { m1: ["/dev/sdc", "/dev/sdb"], w9: ["/dev/sdb"] } } };
    },
    ...["", ".m1[1]", ".w9"].map((key) => `cluster.addons.rookCeph.disks${key}`),
  ),
  bad(
    "shares, options, disks and modes that are none",
    (c) => {
      c.addons = {
        nfs: {
          classes: { a: { server: "10.0.0.9", share: "srv", folderMode: "rwx" } },
          volumes: { b: { ...share, mountOptions: ["hard,intr"], accessModes: [], claim: "files" } },
        },
        rookCeph: { disks: { m1: [] } },
      };
    },
    "cluster.addons.nfs.classes.a.share",
    "cluster.addons.nfs.classes.a.folderMode",
    "cluster.addons.nfs.volumes.b.mountOptions[0]",
    "cluster.addons.nfs.volumes.b.accessModes",
    "cluster.addons.nfs.volumes.b.claim",
    "cluster.addons.rookCeph.disks.m1",
  ),
  {
    mistake: "a class with the name of EBS' own",
    from: aws,
    edit: (c) => {
      c.addons = { nfs: { classes: { gp3: share } } };
    },
    keys: ["cluster.addons.nfs.classes.gp3"],
  },
  bad(
    "volumes among what Kubernetes keeps",
    (c) => {
      c.addons = { localPath: { path: "/var/lib/kubelet/volumes" } };
    },
    "cluster.addons.localPath.path",
  ),
  bad(
    "volumes above etcd's data",
    (c) => {
      c.etcd = { dataDirectory: "/data/etcd" };
      c.addons = { localPath: { path: "/data" } };
    },
    "cluster.addons.localPath.path",
  ),
  bad(
    "a cache of a DNS that there is not",
    (c) => {
      c.addons = { coredns: { enabled: false }, nodeLocalDns: {} };
    },
    "cluster.addons.nodeLocalDns",
  ),
];
