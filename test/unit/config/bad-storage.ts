import { aws } from "../../harness/samples.ts";
import { type Bad, bad } from "./bad-sample.ts";

// Add-ons that bring volumes.

export const badStorage: readonly Bad[] = [
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
  {
    mistake: "two default classes of volumes",
    from: aws,
    edit: (c) => {
      c.addons = { localPath: true };
    },
    keys: ["cluster.addons.localPath"],
  },
];
