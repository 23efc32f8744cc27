import { preparationOf } from "../preparation.ts";
import { oneProblem, type Problem, shown } from "../problems.ts";
import type { HostPreparation } from "../schema/host-preparation.ts";
import type { Cluster, Role } from "../schema.ts";
import { at, type Rule } from "./rule.ts";

// How hosts are prepared: the cluster's keys, and what single hosts have in their place.

/** A key's path from its parts below one preparation. */
type At = (key: keyof HostPreparation, ...below: PropertyKey[]) => string;

/** The paths of what a mapping gives, the keys of mappings inside among them. */
function givenPaths(own: object, ...above: PropertyKey[]): string[] {
  return Object.entries(own).flatMap(([key, value]) =>
    typeof value === "object" && !Array.isArray(value) ? givenPaths(value, ...above, key) : [at(...above, key)],
  );
}

/**
 * Findings on the cluster's preparation, and on each host's with keys of its own. What a host has from the cluster is said once. `roles`:
 * those of the hosts that it is about.
 */
export function eachPreparation(
  cluster: Cluster,
  check: (preparation: HostPreparation, at: At, roles: readonly Role[]) => readonly Problem[],
): Problem[] {
  const ofHosts = Object.entries(cluster.hosts).flatMap(([name, { hostPreparation: own, roles }]) => {
    if (own === undefined) return [];
    const place: At = (...path) => at("hosts", name, "hostPreparation", ...path);
    const given = givenPaths(own, "hosts", name, "hostPreparation");
    return check(preparationOf(cluster, name), place, roles).filter(({ key }) =>
      given.some(
        (path) => path === key || key.startsWith(`${path}.`) || key.startsWith(`${path}[`) || path.startsWith(`${key}.`),
      ),
    );
  });
  const pools: Role[] = Object.keys(cluster.pools).length > 0 ? ["worker"] : [];
  const roles = [...new Set([...Object.values(cluster.hosts).flatMap((host) => host.roles), ...pools])];
  return [...check(cluster.hostPreparation, (...path) => at("hostPreparation", ...path), roles), ...ofHosts];
}

/** Packages that take the place or the ports of what the program installs itself, with the reason. */
const rivals: readonly [names: RegExp, reason: string][] = [
  [
    /^(containerd|containerd\.io|docker(\.io|-ce|-engine)?|moby-(engine|containerd)|cri-o|cri-dockerd)$/i,
    "it brings a containerd or a runtime of its own",
  ],
  [/^(kubelet|kubeadm|kubectl|kubernetes(-.*)?|k3s|k0s|rke2(-.*)?)$/i, "the program installs Kubernetes itself"],
  [/^(etcd|etcd-server)$/i, "it starts an etcd on the cluster's ports"],
];
const clocks = /^(ntp|ntpsec|openntpd|systemd-timesyncd|time-daemon)$/i;

const rivalPackages: Rule = {
  says: "`hostPreparation.extraPackages` names none that excludes what the program installs: runtimes, Kubernetes, etcd, or another time service beside chrony.",
  check: (cluster) =>
    eachPreparation(cluster, ({ extraPackages, timeSync, timeService }, at) =>
      extraPackages.flatMap((name, index) => {
        const chrony = timeSync && timeService === "chrony" && clocks.test(name);
        const reason = chrony ? "it excludes chrony" : rivals.find(([names]) => names.test(name))?.[1];
        if (reason === undefined) return [];
        const allowed = chrony
          ? `a package that goes with chrony, or ${at("timeService")} keep on hosts that have it already`
          : "a package that goes with the cluster's own parts";
        return oneProblem(at("extraPackages", index), `is ${shown(name)}: ${reason}`, allowed);
      }),
    ),
};

const namedHosts: Rule = {
  says: "`hostPreparation.hostsFile` is all only where the config has the hosts' addresses.",
  check: (cluster) =>
    eachPreparation(cluster, ({ hostsFile }, at) =>
      hostsFile === "all" && cluster.traits.givesAddresses
        ? oneProblem(at("hostsFile"), 'is "all"', `api, because cluster.provider ${cluster.provider} gives hosts their addresses`)
        : [],
    ),
};

/** Rules about the preparation of hosts. */
export const preparationRules: readonly Rule[] = [rivalPackages, namedHosts];

const unused: Rule = {
  says: "Keys of `hostPreparation` are not used, because another one turns them off.",
  check: (cluster) =>
    eachPreparation(cluster, (it, at) => {
      const { firewall, journal } = it;
      const word = (is: boolean, key: string, by: string) => (is ? oneProblem(key, "is not used", `nothing while ${by}`) : []);
      const has = (list: readonly unknown[]) => list.length > 0;
      const usual: Record<string, unknown> = { maxUse: "1G", storage: "auto", compress: true };
      const journalKeys = Object.entries(journal).filter(([key, value]) => value !== undefined && value !== usual[key]);
      const idle = (key: keyof typeof firewall, is: boolean) =>
        word(!firewall.enabled && is, at("firewall", key), `${at("firewall", "enabled")} is false`);
      return [
        ...idle("policy", firewall.policy !== "close-known-ports"),
        ...idle("allow", has(firewall.allow)),
        ...word(!it.packages && has(it.extraPackages), at("extraPackages"), `${at("packages")} is false`),
        ...word(!it.modules && has(it.extraModules), at("extraModules"), `${at("modules")} is false`),
        ...word(!it.timeSync && has(it.timeServers), at("timeServers"), `${at("timeSync")} is false`),
        ...(it.timeSync && it.timeService === "keep" && has(it.timeServers)
          ? oneProblem(
              at("timeServers"),
              `is not used where a host keeps its time service, by ${at("timeService")}`,
              "nothing, with the servers in that service's own file; or chrony as timeService",
            )
          : []),
        ...word(!it.timeSync && it.timeService === "keep", at("timeService"), `${at("timeSync")} is false`),
        ...journalKeys.flatMap(([key]) => word(!it.journalLimit, at("journal", key), `${at("journalLimit")} is false`)),
        ...word(
          firewall.policy === "close-known-ports" && firewall.nodePorts === "nodes",
          at("firewall", "nodePorts"),
          `${at("firewall", "policy")} is close-known-ports`,
        ),
      ];
    }),
};

/** Warnings about the preparation of hosts. */
export const preparationWarnings: readonly Rule[] = [unused];
