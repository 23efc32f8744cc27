import { isDeepStrictEqual } from "node:util";
import { contains, familyOf, listOf, ofFamily, range, special } from "../addresses.ts";
import { hasStatisticsPage, isRouted } from "../api.ts";
import { oneProblem, type Problem, shown } from "../problems.ts";
import { balancerSchema } from "../schema/balancer.ts";
import type { Cluster } from "../schema.ts";
import { at, eachHost, hostsOf, type Rule } from "./rule.ts";

// Keys of `balancer` that not every kind reads.

type Balancer = Cluster["balancer"];
type Kind = Balancer["kind"];

/** The kinds that read a key, where not all do. An apiserver that ends waits for `checkIntervalMilliseconds` with each of them. */
const readBy: Readonly<Partial<Record<keyof Balancer, readonly Kind[]>>> = {
  address: ["haproxy", "nginx", "lvs"],
  interface: ["haproxy", "nginx", "lvs"],
  virtualRouterId: ["haproxy", "nginx", "lvs"],
  advertisementIntervalMilliseconds: ["haproxy", "nginx", "lvs"],
  statisticsPort: ["haproxy", "nginx", "lvs", "node-local"],
  statistics: ["haproxy"],
  maximumConnections: ["haproxy", "nginx", "node-local"],
};

const defaults = balancerSchema.parse(undefined);

const unreadByKind: Rule = {
  says: "`balancer` has a key that its `kind` does not read.",
  check({ balancer, traits }) {
    if (traits.ownsEndpoint) return []; // all of it is unused there
    const keys = Object.keys(readBy) as (keyof typeof readBy)[];
    return keys
      .filter((key) => !readBy[key]?.includes(balancer.kind) && !isDeepStrictEqual(balancer[key], defaults[key]))
      .map((key) => ({
        key: at("balancer", key),
        found: "is not used",
        allowed: `nothing with cluster.balancer.kind: ${balancer.kind}`,
      }));
  },
};

const routedKey = (...path: (string | number)[]) => at("balancer", "routed", ...path);

const routedGiven: Rule = {
  says: "`balancer.routed` is given with `balancer.address: routed`, and only there.",
  check(cluster) {
    const { routed, address } = cluster.balancer;
    if (cluster.traits.ownsEndpoint || (address === "routed") === (routed !== undefined)) return [];
    if (routed === undefined)
      return oneProblem(routedKey(), "is missing", "protocol, and what it needs, with balancer.address: routed");
    return oneProblem(routedKey(), "is given", "nothing, or balancer.address: routed beside it");
  },
};

const routedNeeds: Rule = {
  says: "`balancer.routed` has `asn` and `peers` with bgp, and `balancer.interface` beside it with ospf. Each router is named once, and none is a host of the cluster.",
  check(cluster) {
    const { routed, interface: link } = cluster.balancer;
    if (!isRouted(cluster) || routed === undefined) return [];
    const { asn, peers, protocol } = routed;
    if (protocol === "ospf") {
      const unused = (key: string, is: boolean): Problem[] =>
        is ? oneProblem(routedKey(key), "is given", "nothing with ospf") : [];
      const everywhere = hostsOf(cluster, "balancer").every((name) => cluster.hosts[name]?.balancerInterface !== undefined);
      const missing =
        link === undefined && !everywhere
          ? oneProblem(at("balancer", "interface"), "is missing", "the interface that speaks OSPF")
          : [];
      return [...missing, ...unused("asn", asn !== undefined), ...unused("peers", peers.length > 0)];
    }
    const again = peers.flatMap(({ address }, index): Problem[] =>
      peers.findIndex((peer) => peer.address === address) < index
        ? oneProblem(routedKey("peers", index, "address"), `is ${shown(address)} once more`, "each router once")
        : [],
    );
    const hosts = eachHost(cluster, (name, host) =>
      peers.flatMap(({ address }, index): Problem[] =>
        address === host.address
          ? oneProblem(routedKey("peers", index, "address"), `is ${shown(address)}, host ${name}`, "a router's address")
          : [],
      ),
    );
    return [
      ...(asn === undefined ? oneProblem(routedKey("asn"), "is missing", "the balancers' autonomous system, with bgp") : []),
      ...(peers.length === 0 ? oneProblem(routedKey("peers"), "is missing", "at least one router, with bgp") : []),
      ...again,
      ...hosts,
    ];
  },
};

const routedPlaces: Rule = {
  says: "A routed `api.address` is outside `nodeCidrs`; it and the routers of `balancer.routed.peers` have addresses that a host outside the cluster's own ranges can have.",
  check(cluster) {
    const { api, balancer, network, nodeCidrs } = cluster;
    if (!isRouted(cluster) || balancer.routed === undefined) return [];
    const within = (key: string, cidrs: readonly string[], address: string) => {
      const found = cidrs.find((cidr) => contains(range(cidr), address));
      return found === undefined ? undefined : `in ${key}, ${found}`;
    };
    const address = api.address;
    const own = address === undefined ? undefined : (special(address) ?? within(at("nodeCidrs"), nodeCidrs, address));
    const ofApi =
      own === undefined
        ? []
        : oneProblem(
            at("api", "address"),
            `is ${shown(address)}, ${own}`,
            "an address in no network of hosts, which routers lead to",
          );
    const ofPeers = balancer.routed.peers.flatMap((peer, index): Problem[] => {
      const why =
        special(peer.address) ??
        (peer.address === address ? at("api", "address") : undefined) ??
        within(at("network", "podCidr"), listOf(network.podCidr), peer.address) ??
        within(at("network", "serviceCidr"), listOf(network.serviceCidr), peer.address);
      if (why === undefined) return [];
      return oneProblem(routedKey("peers", index, "address"), `is ${shown(peer.address)}, ${why}`, "a router's address");
    });
    return [...ofApi, ...ofPeers];
  },
};

const statisticsKey = (...path: (string | number)[]) => at("balancer", "statistics", ...path);

const unheard: Rule = {
  says: "`balancer.statistics.from` has ranges of families alone that `nodeCidrs` has: balancers listen in no other.",
  check(cluster) {
    if (!hasStatisticsPage(cluster)) return [];
    return cluster.balancer.statistics.from.flatMap((range, index) =>
      ofFamily(cluster.nodeCidrs, familyOf(range)).length > 0
        ? []
        : oneProblem(
            statisticsKey("from", index),
            `is ${shown(range)}`,
            `an IPv${familyOf(range) === 4 ? 6 : 4} range, as in nodeCidrs`,
          ),
    );
  },
};

/** Rules about kinds of balancers. */
export const balancerRules: readonly Rule[] = [routedGiven, routedNeeds, routedPlaces, unheard];

const inClear: Rule = {
  says: "`balancer.statistics.from` is given without `tls`, so that the password travels in clear, or `port` is, which is not used.",
  check(cluster) {
    const { from, port, tls } = cluster.balancer.statistics;
    if (tls || !hasStatisticsPage(cluster)) return [];
    return [
      ...(from.length > 0
        ? oneProblem(
            statisticsKey("from"),
            "lets a password in clear cross networks",
            "cluster.balancer.statistics.tls: true beside it",
          )
        : []),
      ...(port !== defaults.statistics.port
        ? oneProblem(statisticsKey("port"), "is not used", "cluster.balancer.statistics.tls: true beside it")
        : []),
    ];
  },
};

const unspoken: Rule = {
  says: "`balancer` has keys of VRRP beside `address: routed`.",
  check(cluster) {
    if (!isRouted(cluster)) return [];
    const keys = ["virtualRouterId", "advertisementIntervalMilliseconds"] as const;
    return keys
      .filter((key) => cluster.balancer[key] !== defaults[key])
      .map((key) => ({
        key: at("balancer", key),
        found: "is not used",
        allowed: "nothing with cluster.balancer.address: routed",
      }));
  },
};

const unspokenByBgp: Rule = {
  says: "`balancer.interface` or `balancer.routed.area` is set with bgp, which reads neither.",
  check(cluster) {
    const { routed, interface: link } = cluster.balancer;
    if (!isRouted(cluster) || routed?.protocol !== "bgp") return [];
    const unused = (key: string, is: boolean): Problem[] =>
      is ? oneProblem(key, "is not used", "nothing with cluster.balancer.routed.protocol: bgp") : [];
    return [...unused(at("balancer", "interface"), link !== undefined), ...unused(routedKey("area"), routed.area !== "0.0.0.0")];
  },
};

/** Warnings about kinds of balancers. */
export const balancerWarnings: readonly Rule[] = [unreadByKind, unspoken, unspokenByBgp, inClear];
