import { bastionsIn, wayTo } from "../bastions.ts";
import { oneProblem, type Problem, shown } from "../problems.ts";
import type { Cluster } from "../schema.ts";
import { addressesOf, at, eachHost, type Rule } from "./rule.ts";

// Maintenance of all hosts, which reboots them.

const mayReboot = ({ maintenance }: Cluster): boolean => maintenance !== undefined && maintenance.reboot !== "never";

const hasWork: Rule = {
  says: "`maintenance` upgrades packages or reboots hosts, or both.",
  check: ({ maintenance }) =>
    maintenance?.packages === "none" && maintenance.reboot === "never"
      ? oneProblem(
          at("maintenance", "packages"),
          'is "none" while cluster.maintenance.reboot is "never": there is nothing to do',
          "security or all, or another reboot, or no maintenance",
        )
      : [],
};

const notItself: Rule = {
  says: "`maintenance.reboot` is never where a host has `connection: local`: the program would end with its machine.",
  check(cluster) {
    if (!mayReboot(cluster)) return [];
    return eachHost(cluster, (name, { connection, lost }) =>
      connection !== "local" || lost
        ? []
        : [
            {
              key: at("maintenance", "reboot"),
              found: `is ${shown(cluster.maintenance?.reboot)}, and ${at("hosts", name, "connection")} is "local": this program would end with its machine`,
              allowed: "never, and a reboot by hand after the up",
              cure: `or run the program on another machine, and take ${at("hosts", name, "connection")} out`,
            },
          ],
    );
  },
};

const notTheWay: Rule = {
  says: "`maintenance.reboot` is never where a host is the bastion on the way to others: its reboot would cut their commands off.",
  check(cluster) {
    if (!mayReboot(cluster)) return [];
    const { hosts, ssh } = cluster;
    return bastionsIn(ssh).flatMap(({ name: bastion, bastion: { host: place } }): Problem[] => {
      const [name] = Object.entries(hosts).find(
        ([name, host]) => !host.lost && [name, host.sshAddress, ...addressesOf(host)].includes(place),
      ) ?? [undefined];
      const others = Object.entries(hosts).filter(
        ([other, host]) => other !== name && !host.lost && wayTo(host, ssh).some((step) => step.name === bastion),
      );
      if (name === undefined || others.length === 0) return [];
      return [
        {
          key: at("maintenance", "reboot"),
          found: `is ${shown(cluster.maintenance?.reboot)}, and host ${name} is the bastion on the way to ${others.map(([other]) => other).join(", ")}`,
          allowed: "never, and a reboot of that host by hand after the up; or a bastion outside of the cluster",
        },
      ];
    });
  },
};

/** Rules about maintenance. */
export const maintenanceRules: readonly Rule[] = [hasWork, notItself, notTheWay];

const idleTimeout: Rule = {
  says: "`maintenance.rebootTimeoutSeconds` is set, and `maintenance.reboot` is never.",
  check: ({ maintenance }) =>
    maintenance?.reboot === "never" && maintenance.rebootTimeoutSeconds !== 900
      ? oneProblem(
          at("maintenance", "rebootTimeoutSeconds"),
          `is ${maintenance.rebootTimeoutSeconds}, and no host reboots`,
          "nothing while cluster.maintenance.reboot is never",
        )
      : [],
};

const oneOfAKind: Rule = {
  says: "`maintenance` takes away something that the cluster has once: its API, etcd or balancer.",
  check(cluster) {
    const { maintenance, hosts } = cluster;
    if (maintenance === undefined) return [];
    const living = Object.values(hosts).filter(({ lost }) => !lost);
    const count = (role: "etcd" | "control-plane" | "balancer") => living.filter(({ roles }) => roles.includes(role)).length;
    const single = (["control-plane", "etcd", "balancer"] as const).filter((role) => count(role) === 1);
    if (single.length === 0) return [];
    const [first] = single;
    return oneProblem(
      at("maintenance"),
      `is set, and one host alone has the role ${single.join(", ")}`,
      first === "balancer"
        ? "known: clients find no API while that host reboots"
        : "known: the API is away while that host reboots or is upgraded, and pods run on elsewhere",
    );
  },
};

/** Warnings about maintenance. */
export const maintenanceWarnings: readonly Rule[] = [idleTimeout, oneOfAKind];
