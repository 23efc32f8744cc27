import { type Family, familyOf, listOf, ofFamily } from "../addresses.ts";
import { buildsBalancer } from "../api.ts";
import { oneProblem, type Problem, shown } from "../problems.ts";
import type { Cluster } from "../schema.ts";
import { addressesOf, at, eachHost, type Rule } from "./rule.ts";

// IPv4, IPv6 or both: `network.podCidr` decides, and everything else agrees.

const name = (family: Family) => `IPv${family}`;

/** The cluster's families, the primary one first. */
const familiesOf = ({ network }: Pick<Cluster, "network">): Family[] => [...new Set(listOf(network.podCidr).map(familyOf))];

const words = (families: readonly Family[]) =>
  families.length > 1 ? `one ${families.map(name).join(" and then one ")}` : `${name(families[0] as Family)} alone`;

const why = (families: readonly Family[]) => `the ${families.length > 1 ? "families" : "family"} of cluster.network.podCidr`;

const onePodRange: Rule = {
  says: "`network.podCidr` and `network.serviceCidr` have at most one range of a family: kube-controller-manager gives nodes parts of one range of each, kube-apiserver takes one for Services. A range of pods that is full grows to a larger one that holds it.",
  check: ({ network }) =>
    (["podCidr", "serviceCidr"] as const).flatMap((key) => {
      const all = listOf(network[key]);
      if (new Set(all.map(familyOf)).size === all.length) return [];
      const cure =
        key === "podCidr"
          ? "for more nodes take one larger range that holds both, or a smaller part for each node (nodeMask)"
          : undefined;
      return oneProblem(
        at("network", key),
        `is ${shown(all)}, two of ${name(familyOf(all[0] as string))}`,
        "one range, or one of each family",
        cure,
      );
    }),
};

/** That a key's addresses are of the cluster's families, in their order. */
function agrees(cluster: Cluster, key: string, written: readonly string[]): Problem[] {
  const wanted = familiesOf(cluster);
  if (written.map(familyOf).join() === wanted.join()) return [];
  const found = `is ${shown(written.length === 1 ? written[0] : written)}`;
  return oneProblem(key, found, `${words(wanted)}, ${why(wanted)}`);
}

const services: Rule = {
  says: "`network.serviceCidr` has the families of `network.podCidr`, in the same order.",
  check: (cluster) => agrees(cluster, at("network", "serviceCidr"), listOf(cluster.network.serviceCidr)),
};

const hosts: Rule = {
  says: "Every host has an address of each family of `network.podCidr`, in the same order.",
  check: (cluster) =>
    eachHost(cluster, (host, it) =>
      it.address === undefined ? [] : agrees(cluster, at("hosts", host, "address"), addressesOf(it)),
    ),
};

const nodeRanges: Rule = {
  says: "`nodeCidrs` has a range of each family of `network.podCidr`, and of no other.",
  check(cluster) {
    const wanted = familiesOf(cluster);
    const has = [...new Set(cluster.nodeCidrs.map(familyOf))];
    if (has.length === wanted.length && has.every((family) => wanted.includes(family))) return [];
    const allowed = `ranges of ${wanted.map(name).join(" and ")}, ${why(wanted)}`;
    return oneProblem(at("nodeCidrs"), `is ${shown(cluster.nodeCidrs)}`, allowed);
  },
};

const api: Rule = {
  says: "`api.address` and `api.former.address` are of the primary family, which is the first one of `network.podCidr`; a second address is of the other one.",
  check(cluster) {
    const wanted = familiesOf(cluster);
    const primary = wanted[0] as Family;
    const { api, traits } = cluster;
    if (traits.ownsEndpoint) return [];
    const wrong = (key: string, address: string | undefined, family: Family | undefined): Problem[] =>
      address === undefined || familyOf(address) === family
        ? []
        : oneProblem(
            key,
            `is ${shown(address)}`,
            family === undefined ? "one address: only dual stack has two" : `an ${name(family)} address`,
          );
    return [
      ...wrong(at("api", "address"), api.address, primary),
      ...wrong(at("api", "address"), api.secondAddress, wanted[1]),
      ...wrong(at("api", "former", "address"), api.former?.address, primary),
    ];
  },
};

const nameServers: Rule = {
  says: "`network.nameServers` are of families that pods have.",
  check(cluster) {
    const wanted = familiesOf(cluster);
    return cluster.network.nameServers.flatMap((server, index) =>
      wanted.includes(familyOf(server))
        ? []
        : oneProblem(
            at("network", "nameServers", index),
            `is ${shown(server)}`,
            `an ${wanted.map(name).join(" or ")} address: pods have no other`,
          ),
    );
  },
};

const vpc: Rule = {
  says: "Where the provider makes the network out of IPv4, the cluster is IPv4 alone.",
  check(cluster) {
    if (!cluster.traits.ipv4Only || familiesOf(cluster).every((family) => family === 4)) return [];
    const found = `is ${shown(ofFamily(listOf(cluster.network.podCidr), 6)[0])}`;
    const reason = `an IPv4 range: provider ${cluster.provider} makes networks and balancers of IPv4 only`;
    return oneProblem(at("network", "podCidr"), found, reason);
  },
};

const balancerKinds: Rule = {
  says: "With IPv6 a balancer of this program is haproxy or nginx, and its address one of VRRP: lvs and routed addresses are made for IPv4.",
  check(cluster) {
    const { kind, address } = cluster.balancer;
    if (familiesOf(cluster).every((family) => family === 4) || !buildsBalancer(cluster)) return [];
    return [
      ...(kind === "lvs" ? oneProblem(at("balancer", "kind"), 'is "lvs"', "haproxy or nginx with IPv6") : []),
      ...(address === "routed" ? oneProblem(at("balancer", "address"), 'is "routed"', "vrrp with IPv6") : []),
    ];
  },
};

/** Rules about address families. */
export const familyRules: readonly Rule[] = [onePodRange, vpc, services, hosts, nodeRanges, api, nameServers, balancerKinds];
