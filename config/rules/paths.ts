import { oneProblem, type Problem, shown } from "../problems.ts";
import { at, eachHost, type Rule } from "./rule.ts";

// Directories and devices of etcd on hosts: those that belong to the user etcd, are emptied at the end, or must outlive the data.

/** Whether a path is another one or in it. */
export const within = (inner: string, outer: string) => outer === "/" || `${inner}/`.startsWith(`${outer}/`);

/** Nothing in here is a place for data: the system's own, gone at the next boot, or closed to the user etcd (hier(7), file-hierarchy(7)). */
const closed = Object.entries({
  "the system's own": [
    ...[
      "/bin",
      "/boot",
      "/efi",
      "/etc",
      "/lib",
      "/lib32",
      "/lib64",
      "/libx32",
      "/lost+found",
      "/sbin",
      "/usr/bin",
      "/usr/include",
    ],
    ...["/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec", "/usr/libx32", "/usr/sbin", "/usr/share", "/usr/src"],
    ...["/usr/local/bin", "/usr/local/lib", "/usr/local/sbin"],
  ],
  "emptied at boot or by age": ["/dev", "/proc", "/run", "/sys", "/tmp", "/var/lock", "/var/run", "/var/tmp"],
  "closed to the user etcd": ["/root"],
  "this program's own": ["/opt/ha-kubernetes", "/opt/cni", "/var/cache/ha-kubernetes", "/var/lib/ha-kubernetes"],
  "Kubernetes' own": ["/var/lib/cni", "/var/lib/containerd", "/var/lib/kubelet", "/var/log/containers", "/var/log/pods"],
  "another program's": [
    ...["/var/lib/apt", "/var/lib/chrony", "/var/lib/dbus", "/var/lib/docker", "/var/lib/dpkg", "/var/lib/systemd"],
    ...["/var/cache/apt", "/var/log/journal", "/var/spool/cron", "/var/mail"],
  ],
}).flatMap(([why, paths]) => paths.map((path): [path: string, why: string] => [path, why]));

/** Directories that other programs use too: etcd can't have one of them, but it can have a directory inside. */
const shared = ["/home", "/usr/local", "/var/backups", "/var/opt"];

/** Common mount points of other disks: etcd can have one of them, but a directory inside is better. */
const mounts = ["/media", "/mnt", "/srv"];

/** Why a directory can't be given to the user etcd alone, or undefined. */
function notEtcds(path: string): string | undefined {
  const inside = closed.find(([dir]) => within(path, dir));
  if (inside !== undefined) return path === inside[0] ? inside[1] : `in ${inside[0]}, which is ${inside[1]}`;
  const above = [...closed.map(([dir]) => dir), ...shared].find((dir) => within(dir, path));
  if (above === undefined) return undefined;
  return path === above ? "where others keep their things too" : `above ${above}`;
}

/** Read-only for the service that takes snapshots (ProtectSystem=full). */
const readOnly = ["/boot", "/efi", "/etc", "/usr"];

const etcdPlaces: Rule = {
  says: "`etcd.dataDirectory` and `etcd.backup.directory` are directories of etcd's own: not the system's, not above those, not emptied at boot; `etcd.backup`'s are not below /usr, which is read-only for its service.",
  check({ etcd: { dataDirectory, backup } }) {
    const allowed = "a directory for etcd alone, such as";
    const places: [key: string, path: string, example: string][] = [
      [at("etcd", "dataDirectory"), dataDirectory, "/var/lib/etcd"],
      [at("etcd", "backup", "directory"), backup.directory, "/var/backups/ha-kubernetes"],
    ];
    const taken = places.flatMap(([key, path, example]): Problem[] => {
      const why = notEtcds(path);
      return why === undefined ? [] : oneProblem(key, `is ${shown(path)}, ${why}`, `${allowed} ${example}`);
    });
    const unwritable = (
      [
        ["directory", backup.directory],
        ["copyToDirectory", backup.copyToDirectory],
      ] as const
    ).flatMap(([setting, path]): Problem[] => {
      if (path === undefined || !readOnly.some((dir) => within(path, dir))) return [];
      const key = at("etcd", "backup", setting);
      if (taken.some((problem) => problem.key === key)) return [];
      const found = `is ${shown(path)}, read-only for the service that takes snapshots`;
      return oneProblem(key, found, `a directory outside ${readOnly.join(", ")}`);
    });
    return [...taken, ...unwritable];
  },
};

const backupPlaces: Rule = {
  says: "Snapshots and their copies are kept outside `etcd.dataDirectory`, and copies outside `etcd.backup.directory`.",
  check({ etcd: { dataDirectory, backup } }) {
    const problems: Problem[] = [];
    const apart = (setting: "directory" | "copyToDirectory", other: string, key: string, why: string) => {
      const path = backup[setting];
      if (path === undefined || !(within(path, other) || within(other, path))) return;
      problems.push({
        key: at("etcd", "backup", setting),
        found: `is ${shown(path)}`,
        allowed: `a directory apart from ${key}, ${other}${why}`,
      });
    };
    const emptied = ", which is emptied when the host leaves";
    apart("directory", dataDirectory, at("etcd", "dataDirectory"), emptied);
    apart("copyToDirectory", dataDirectory, at("etcd", "dataDirectory"), emptied);
    // A copy among snapshots that are among the data is said once.
    if (problems.length < 2) apart("copyToDirectory", backup.directory, at("etcd", "backup", "directory"), ", on another disk");
    return problems;
  },
};

const devices: Rule = {
  says: "A `dataDevice` is below /dev.",
  check: (cluster) =>
    eachHost(cluster, (name, { dataDevice }) =>
      dataDevice === undefined || dataDevice.startsWith("/dev/")
        ? []
        : oneProblem(
            at("hosts", name, "dataDevice"),
            `is ${shown(dataDevice)}`,
            "a block device below /dev, such as /dev/disk/by-id/NAME",
            "the directory is cluster.etcd.dataDirectory",
          ),
    ),
};

/** Rules about paths on hosts. */
export const pathRules: readonly Rule[] = [etcdPlaces, backupPlaces, devices];

/** `etcd.dataDirectory` or `etcd.backup.directory` is a directory at the top, or one for mounts. */
export const sharedPlaces: Rule = {
  says: "`etcd.dataDirectory` or `etcd.backup.directory` is directly below /, or is /mnt, /media or /srv.",
  check: ({ etcd }) =>
    (
      [
        ["etcd", "dataDirectory", etcd.dataDirectory],
        ["etcd", "backup", "directory", etcd.backup.directory],
      ] as const
    ).flatMap((parts) => {
      const path = parts[parts.length - 1] as string;
      if (notEtcds(path) !== undefined || (path.lastIndexOf("/") > 0 && !mounts.includes(path))) return [];
      const key = at(...parts.slice(0, -1));
      return oneProblem(key, `is ${shown(path)}, which goes to the user etcd alone`, `a directory in it, such as ${path}/etcd`);
    }),
};
