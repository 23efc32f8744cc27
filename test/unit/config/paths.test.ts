import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseCluster } from "../../../config/parse.ts";
import { known, metal, type Written } from "../../harness/samples.ts";

const parsed = (etcd: Written, dataDevice?: string) => {
  const config = metal();
  config.etcd = etcd;
  if (dataDevice !== undefined) config.hosts.m1.dataDevice = dataDevice;
  return parseCluster(config, known);
};
const taken = (etcd: Written, dataDevice?: string) => {
  const result = parsed(etcd, dataDevice);
  assert.ok(result.ok, JSON.stringify(result));
  return result;
};

test("directories that are etcd's alone are taken, without a word", () => {
  for (const dataDirectory of [
    "/var/lib/etcd",
    "/var/lib/etcd-prod",
    "/data/etcd",
    "/mnt/ssd/etcd",
    "/srv/etcd+1",
    "/home/etcd/data",
  ])
    assert.deepEqual(taken({ dataDirectory }).warnings, [], dataDirectory);
  for (const directory of ["/var/backups/etcd", "/srv/backup:1", "/backup/prod"]) taken({ backup: { directory } });
});

test("a directory that may hold something else is taken, and said", () => {
  for (const dataDirectory of ["/data", "/etcd", "/mnt", "/srv"])
    assert.deepEqual(
      taken({ dataDirectory }).warnings.map(({ key, allowed }) => `${key}: ${allowed}`),
      [`cluster.etcd.dataDirectory: a directory in it, such as ${dataDirectory}/etcd`],
    );
});

test("a slash at the end means nothing, and what udev names devices by is taken", () => {
  assert.equal(taken({ dataDirectory: "/data/etcd/" }).cluster.etcd.dataDirectory, "/data/etcd");
  for (const device of ["/dev/disk/by-path/pci-0000:00:1f.2-ata-1", "/dev/mapper/vg0-etcd", "/dev/disk/by-id/wwn-0x5@1,2=3+4"])
    assert.equal(taken({}, device).cluster.hosts.m1?.dataDevice, device);
});

/** Of the file system hierarchy: what a slip of the pen can hit. */
const systems = [
  "/etc",
  "/usr",
  "/usr/lib",
  "/var",
  "/var/lib",
  "/var/lib/kubelet",
  "/boot",
  "/root",
  "/home",
  "/tmp",
  "/run",
  "/opt",
];

test("whatever path is above a system's directory is refused, and no path is ever both refused and warned of", () => {
  const word = fc.constantFrom("etcd", "data", "var", "lib", "usr", "opt", "kubelet", "mnt", "tmp", "home");
  const path = fc.array(word, { minLength: 1, maxLength: 3 }).map((parts) => `/${parts.join("/")}`);
  fc.assert(
    fc.property(path, (dataDirectory) => {
      const result = parsed({ dataDirectory, backup: { directory: "/snapshots/of" } });
      if (systems.some((dir) => dir === dataDirectory || dir.startsWith(`${dataDirectory}/`)))
        assert.ok(!result.ok, dataDirectory);
    }),
  );
});

test("a snapshot is taken from every path that snapshots may be kept at", () => {
  for (const directory of ["/var/backups/ha-kubernetes", "/mnt/disk+1/a:b=c@d,e~f"]) {
    const config = metal();
    config.etcd = {
      backup: { directory },
      restoreFrom: { id: "today", snapshot: `${directory}/a.db`, sha256: "0".repeat(64) },
    };
    const parsed = parseCluster(config, known);
    assert.ok(parsed.ok, JSON.stringify(parsed));
  }
});
