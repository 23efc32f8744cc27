import { oneProblem, shown } from "../problems.ts";
import { classesOf } from "../storage-classes.ts";
import { within } from "./paths.ts";
import { at, type Rule } from "./rule.ts";

// Storage of the add-ons' making.

const oneDefault: Rule = {
  says: "At most one storage class of the add-ons is the `default`.",
  check(cluster) {
    const [first, ...others] = classesOf(cluster).filter(({ isDefault }) => isDefault);
    return others.flatMap(({ key }) =>
      oneProblem(
        at(...key, "default"),
        `is true, and ${at(...(first?.key ?? []), "default")} is, too`,
        "one default class, or none",
      ),
    );
  },
};

const classNames: Rule = {
  says: "No two storage classes of the add-ons have one name. With `addons.ebsCsi` the provider has one, too: `gp3`.",
  check(cluster) {
    const classes = classesOf(cluster);
    const isTaken = (name: string, index: number) =>
      classes.findIndex((it) => it.name === name) < index || (name === cluster.traits.storageClass && cluster.addons.ebsCsi);
    return classes.flatMap(({ key, name }, index) =>
      isTaken(name, index)
        ? oneProblem(at(...key), `makes the class ${shown(name)}, which there is already`, "another name")
        : [],
    );
  },
};

/** Ceph's monitors need a majority, and Rook puts no two on one node. */
const LEAST_CEPH_HOSTS = 3;

const cephHosts: Rule = {
  says: "`addons.rookCeph.disks` names disks of at least three hosts that are nodes, on as many as `replicas` at least, and none of etcd's.",
  check({ addons: { rookCeph }, hosts }) {
    if (rookCeph === undefined) return [];
    const { disks, replicas } = rookCeph;
    const key = ["addons", "rookCeph", "disks"];
    const names = Object.keys(disks);
    const least = Math.max(LEAST_CEPH_HOSTS, replicas);
    const few =
      names.length >= least
        ? []
        : oneProblem(
            at(...key),
            `names ${names.length} hosts`,
            `at least ${least}`,
            "more hosts with disks, or fewer replicas down to 3",
          );
    const each = names.flatMap((name) => {
      const host = hosts[name];
      const isNode = host?.roles.includes("worker") || host?.roles.includes("control-plane");
      if (host === undefined || !isNode)
        return oneProblem(at(...key, name), "is not a host that runs pods", "a worker, or a control plane");
      return (disks[name] ?? []).flatMap((disk, index) =>
        disk === host.dataDevice
          ? oneProblem(
              at(...key, name, index),
              `is ${shown(disk)}, which is hosts.${name}.dataDevice`,
              "a disk that nothing else has",
            )
          : [],
      );
    });
    return [...few, ...each];
  },
};

const softMounts: Rule = {
  says: "An NFS mount has the option `soft`.",
  check({ addons: { nfs } }) {
    const all = [...Object.entries({ classes: nfs?.classes ?? {}, volumes: nfs?.volumes ?? {} })];
    return all.flatMap(([kind, entries]) =>
      Object.entries(entries).flatMap(([name, { mountOptions }]) =>
        mountOptions.includes("soft")
          ? oneProblem(
              at("addons", "nfs", kind, name, "mountOptions"),
              "has soft",
              "hard: with soft, writes are lost while the server is away",
            )
          : [],
      ),
    );
  },
};

const dnsToCache: Rule = {
  says: "`addons.nodeLocalDns` needs `addons.coredns`.",
  check: ({ addons: { coredns, nodeLocalDns } }) =>
    nodeLocalDns === undefined || coredns.enabled
      ? []
      : oneProblem(
          at("addons", "nodeLocalDns"),
          "is there, and addons.coredns is off",
          "nothing: there is no DNS of the program's to cache",
        ),
};

/** What a pod that fills or empties a volume must not reach. */
const taken = ["/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/root", "/run", "/sbin", "/sys", "/tmp", "/usr"];
const ofThisProgram = ["/opt/ha-kubernetes", "/opt/cni", "/var/cache/ha-kubernetes", "/var/lib/ha-kubernetes"];
const ofKubernetes = ["/var/lib/cni", "/var/lib/containerd", "/var/lib/kubelet", "/var/log"];

const localPlace: Rule = {
  says: "`addons.localPath.path` is a folder for volumes alone: not the system's, Kubernetes' or etcd's, and not above one of those.",
  check({ addons: { localPath }, etcd }) {
    if (!localPath.enabled) return [];
    const { path } = localPath;
    const others = [...taken, ...ofThisProgram, ...ofKubernetes, etcd.dataDirectory, etcd.backup.directory];
    const other = others.find((dir) => within(path, dir) || within(dir, path));
    if (other === undefined) return [];
    const found = `is ${shown(path)}, and ${other} has other things in it`;
    return oneProblem(at("addons", "localPath", "path"), found, "a folder for volumes alone, such as /var/lib/local-path");
  },
};

/** Rules about storage, and about the cache of DNS. */
export const storageRules: readonly Rule[] = [oneDefault, classNames, cephHosts, localPlace, dnsToCache];
/** Storage that is allowed and reported at every run. */
export const storageWarnings: readonly Rule[] = [softMounts];
