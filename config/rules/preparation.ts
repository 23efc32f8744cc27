import { preparationOf } from "../preparation.ts";
import { oneProblem, type Problem } from "../problems.ts";
import type { HostPreparation } from "../schema/host-preparation.ts";
import type { Cluster } from "../schema.ts";
import { unevenRanges } from "./networks.ts";
import { at, type Rule } from "./rule.ts";

// How hosts are prepared: the cluster's keys, and what single hosts have in their place.

/** A key's path from its parts below one preparation. */
type At = (key: keyof HostPreparation, ...below: PropertyKey[]) => string;

/** Findings on the cluster's preparation, and on each host's with keys of its own. What a host has from the cluster is said once. */
export function eachPreparation(
  cluster: Cluster,
  check: (preparation: HostPreparation, at: At) => readonly Problem[],
): Problem[] {
  const ofHosts = Object.entries(cluster.hosts).flatMap(([name, { hostPreparation: own }]) => {
    if (own === undefined) return [];
    const place = at("hosts", name, "hostPreparation");
    const keys = Object.keys(own).map((key) => `${place}.${key}`);
    return check(preparationOf(cluster, name), (...path) => at("hosts", name, "hostPreparation", ...path)).filter(({ key }) =>
      keys.some((given) => key === given || key.startsWith(`${given}.`) || key.startsWith(`${given}[`)),
    );
  });
  return [...check(cluster.hostPreparation, (...path) => at("hostPreparation", ...path)), ...ofHosts];
}

const firewallPorts: Rule = {
  says: "An entry of `hostPreparation.firewall.allow` has its ports in order, and ranges whose host part is zero.",
  check: (cluster) =>
    eachPreparation(cluster, ({ firewall: { allow } }, at) =>
      allow.flatMap(({ port, lastPort, from }, index) => [
        ...(lastPort !== undefined && lastPort < port
          ? oneProblem(at("firewall", "allow", index, "lastPort"), `is ${lastPort}, before port ${port}`, `${port} or more`)
          : []),
        ...unevenRanges(from.map((cidr, place) => ({ key: at("firewall", "allow", index, "from", place), cidr }))),
      ]),
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
export const preparationRules: readonly Rule[] = [firewallPorts, namedHosts];

const unused: Rule = {
  says: "Keys of `hostPreparation` are not used, because another one turns them off.",
  check: (cluster) =>
    eachPreparation(cluster, (it, at) => {
      const { firewall, journal } = it;
      const word = (is: boolean, key: string, by: string) => (is ? oneProblem(key, "is not used", `nothing while ${by}`) : []);
      const has = (list: readonly unknown[]) => list.length > 0;
      const set = firewall.policy !== "close-known-ports" || has(firewall.allow);
      const journalSet = Object.entries(journal).some(
        ([key, value]) =>
          value !== undefined &&
          !(key === "maxUse" && value === "1G") &&
          !(key === "storage" && value === "auto") &&
          !(key === "compress" && value),
      );
      return [
        ...word(!firewall.enabled && set, at("firewall"), `${at("firewall", "enabled")} is false`),
        ...word(!it.packages && has(it.extraPackages), at("extraPackages"), `${at("packages")} is false`),
        ...word(!it.modules && has(it.extraModules), at("extraModules"), `${at("modules")} is false`),
        ...word(!it.timeSync && has(it.timeServers), at("timeServers"), `${at("timeSync")} is false`),
        ...word(!it.timeSync && it.timeService === "keep", at("timeService"), `${at("timeSync")} is false`),
        ...word(!it.journalLimit && journalSet, at("journal"), `${at("journalLimit")} is false`),
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
