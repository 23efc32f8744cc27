import { oneProblem, type Problem, shown } from "../../../config/problems.ts";
import { at, eachHost, liveHostsOf, type Rule } from "../../../config/rules/rule.ts";
import type { Role } from "../../../config/schema.ts";
import { machineOf, machineSettings, zoneOf } from "./machines.ts";
import type { AwsCluster, Image } from "./schema.ts";

// Instances and volumes on aws.

const spread: Rule<AwsCluster> = {
  says: "On aws no zone holds a majority of etcd's members or every control plane; with two zones one must, and a warning says so.",
  check(cluster) {
    const zones = cluster.aws.zones ?? [];
    if (zones.length < 3) return [];
    const inZones = (role: Role) => {
      const byZone = new Map<string, string[]>();
      for (const name of liveHostsOf(cluster, role)) {
        const host = cluster.hosts[name];
        if (host === undefined) continue;
        const zone = zoneOf(name, host, zones);
        byZone.set(zone, [...(byZone.get(zone) ?? []), name]);
      }
      return byZone;
    };
    const tooMany = (role: Role, limit: (all: number) => number, what: string): Problem[] => {
      const all = liveHostsOf(cluster, role).length;
      if (all < 3) return [];
      return [...inZones(role)]
        .filter(([, names]) => names.length > limit(all))
        .map(([zone, names]) => ({
          key: at("hosts"),
          found: `has ${what} in zone ${zone}: ${names.join(", ")}`,
          allowed: "hosts spread so that the others go on when a zone is lost",
          cure: `set another aws.zone for one of them, or end their names in numbers that follow each other`,
        }));
    };
    return [
      ...tooMany("etcd", (all) => Math.floor((all - 1) / 2), "a majority of etcd's members"),
      ...tooMany("control-plane", (all) => all - 1, "every control plane"),
    ];
  },
};

/** Families without the Nitro hypervisor (EC2 instance type guide, "Nitro-based instances": everything that is not listed there). */
const beforeNitro = /^(a0|c1|c3|c4|d2|f1|g2|g3|g3s|h1|hs1|i2|i3|m1|m2|m3|m4|p2|p3|r3|r4|t1|t2|x1|x1e)\./;

const instanceTypes: Rule<AwsCluster> = {
  says: "Instance types are of the Nitro kind, which shows volumes by their id; a host's `architecture` is left out or that of its type.",
  check(cluster) {
    const old = machineSettings(cluster).flatMap(({ path, instanceType: type = "" }) =>
      beforeNitro.test(type)
        ? oneProblem(`${path}.instanceType`, `is ${shown(type)}`, "a type of the Nitro kind, such as m7i.large")
        : [],
    );
    const other = eachHost(cluster, (name, host) => {
      const { instanceType, architecture } = machineOf(cluster, name, host);
      if (host.architecture === "amd64" || architecture === host.architecture) return [];
      const allowed = `nothing: the instance type ${instanceType} is of ${architecture}`;
      return oneProblem(at("hosts", name, "architecture"), `is ${shown(host.architecture)}`, allowed);
    });
    return [...old, ...other];
  },
};

const images: Rule<AwsCluster> = {
  says: "An image is given by `os`, by `id`, or by `owner` and `name` together.",
  check: (cluster) =>
    machineSettings(cluster).flatMap(({ path, image = {} as Partial<Image> }) => {
      const { id, owner, name } = image;
      if ((owner === undefined) === (name === undefined) && (id === undefined || owner === undefined)) return [];
      return oneProblem(`${path}.image`, `is ${shown(image)}`, "os, or id, or owner and name together");
    }),
};

/** gp3: up to 500 IOPS a GiB, from 3,000 on free of size; a quarter MiB/s an IOPS. io2: up to 1,000 IOPS a GiB (EBS User Guide). */
const volumes: Rule<AwsCluster> = {
  says: "`aws.etcdVolume.iops` fits the type and size: gp3 3000 to 16000, at most 500 a GiB; io2 at most 1000 a GiB.",
  check({ aws }) {
    const { type, sizeGibibytes, iops, throughputMebibytes } = aws.etcdVolume;
    const most = type === "gp3" ? Math.max(3000, Math.min(16_000, 500 * sizeGibibytes)) : Math.min(256_000, 1000 * sizeGibibytes);
    const least = type === "gp3" ? 3000 : 100;
    const problems: Problem[] = [];
    if (iops < least || iops > most) {
      problems.push({
        key: at("aws", "etcdVolume", "iops"),
        found: `is ${iops}`,
        allowed: `${least} to ${most} for ${type} of ${sizeGibibytes} GiB`,
      });
    }
    if (type === "gp3" && throughputMebibytes > iops / 4) {
      problems.push({
        key: at("aws", "etcdVolume", "throughputMebibytes"),
        found: `is ${throughputMebibytes}`,
        allowed: `at most ${Math.floor(iops / 4)}: a quarter of cluster.aws.etcdVolume.iops`,
      });
    }
    return problems;
  },
};

/** Rules about instances and volumes on aws. */
export const awsMachineRules: readonly Rule<AwsCluster>[] = [spread, instanceTypes, images, volumes];
