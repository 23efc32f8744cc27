import { addressNumber, contains, dnsAddresses, isAddress, listOf, range, special } from "../addresses.ts";

import { buildsBalancer, isVirtual } from "../api.ts";
import { bastionsIn } from "../bastions.ts";
import { oneProblem, type Problem, shown } from "../problems.ts";
import type { Cluster } from "../schema.ts";
import { addressesOf, apiPlaces, at, eachHost, hostsOf, type Rule } from "./rule.ts";

// Single addresses: ones that can't be, and ones that are in a range of pods or Services, where hosts look for a pod or a Service.

/** The range of the cluster's own that an address is in. */
function innerRange({ network }: Cluster, address: string): string | undefined {
  const inner = (["podCidr", "serviceCidr"] as const)
    .flatMap((key) => listOf(network[key]).map((cidr) => ({ key: at("network", key), cidr })))
    .find(({ cidr }) => contains(range(cidr), address));
  return inner && `${inner.key}, ${inner.cidr}`;
}

/** Every range that hosts, pods or Services are in, and every name server. */
const rangesAndServers = ({ nodeCidrs, network }: Cluster): { key: string; text: string }[] => [
  ...nodeCidrs.map((text, index) => ({ key: at("nodeCidrs", index), text })),
  ...listOf(network.podCidr).map((text) => ({ key: at("network", "podCidr"), text })),
  ...listOf(network.serviceCidr).map((text) => ({ key: at("network", "serviceCidr"), text })),
  ...network.nameServers.map((text, index) => ({ key: at("network", "nameServers", index), text })),
];

const possible: Rule = {
  says: "No range or name server is of loopback, link-local, multicast or unspecified addresses, which in a pod are the pod itself or nobody. An external balancer's address may be a loopback one.",
  check(cluster) {
    const impossible = rangesAndServers(cluster).flatMap(({ key, text }): Problem[] => {
      const what = special(text);
      if (what === undefined) return [];
      const allowed = text.includes("/") ? "a range that hosts can have addresses in" : "an address that pods can reach";
      return oneProblem(key, `is ${shown(text)}, ${what}`, allowed);
    });
    if (buildsBalancer(cluster)) return impossible;
    const api = apiPlaces(cluster, "address").flatMap(({ key, value }): Problem[] => {
      const what = special(value);
      if (what === undefined || (what === "loopback" && cluster.balancer.kind === "external")) return [];
      return oneProblem(key, `is ${shown(value)}, ${what}`, "the address of the balancer you run");
    });
    return [...impossible, ...api];
  },
};

const ownDns: Rule = {
  says: "The cluster's own DNS, the 10th address of `network.serviceCidr`, is none of `network.nameServers`: look-ups would go round in a circle.",
  check: ({ network: { nameServers, serviceCidr } }) =>
    nameServers.flatMap((server, index) =>
      dnsAddresses(serviceCidr).includes(server)
        ? oneProblem(
            at("network", "nameServers", index),
            `is ${shown(server)}, the cluster's own DNS`,
            "a name server outside the cluster, which knows the names outside",
          )
        : [],
    ),
};

const externalApi: Rule = {
  says: "`api.address` and `api.former.address` are in no range of pods or Services.",
  check(cluster) {
    if (cluster.traits.ownsEndpoint || isVirtual(cluster)) return [];
    return apiPlaces(cluster, "address").flatMap(({ key, value }) => {
      const inner = innerRange(cluster, value);
      return inner === undefined ? [] : oneProblem(key, `is ${shown(value)}`, `an address outside ${inner}`);
    });
  },
};

/** Rules about single addresses. */
export const addressRules: readonly Rule[] = [possible, ownDns, externalApi];

const unreachable: Rule = {
  says: "An address outside the cluster that hosts or pods are to reach is in a range of pods or Services, where the kernel looks for one of these.",
  check(cluster) {
    const { network, ssh, etcd } = cluster;
    const outside: [key: string, address: string | undefined][] = [
      ...network.nameServers.map((server, index): [string, string | undefined] => [
        at("network", "nameServers", index),
        dnsAddresses(network.serviceCidr).includes(server) ? undefined : server,
      ]),
      ...bastionsIn(ssh).map(({ path, bastion }): [string, string] => [at("ssh", ...path, "host"), bastion.host]),
      [at("etcd", "backup", "copyToSsh", "host"), etcd.backup.copyToSsh?.host],
      ...Object.entries(cluster.hosts).map(([name, host]): [string, string | undefined] => [
        at("hosts", name, "sshAddress"),
        host.sshAddress,
      ]),
    ];
    return outside.flatMap(([key, address]) => {
      const inner = address === undefined || !isAddress(address) ? undefined : innerRange(cluster, address);
      return inner === undefined ? [] : oneProblem(key, `is ${shown(address)}`, `an address outside ${inner}`);
    });
  },
};

const edges: Rule = {
  says: "A host's address or the virtual IP is the first or last one of its range in `nodeCidrs`, which in a network of that size means the network or everybody.",
  check(cluster) {
    if (cluster.traits.createsHosts) return []; // refused there
    // The last one of an IPv6 range is like any other.
    const ranges = cluster.nodeCidrs.map(range).filter(({ family, prefix }) => family === 6 || prefix < 31);
    const check = (key: string, address: string): Problem[] => {
      const number = addressNumber(address);
      const edge = ranges.find((it) => contains(it, address) && (number === it.first || (it.family === 4 && number === it.last)));
      if (edge === undefined) return [];
      return oneProblem(key, `is ${shown(address)}, an end of ${edge.text}`, "an address between the range's ends");
    };
    return [
      ...eachHost(cluster, (name, host) => addressesOf(host).flatMap((address) => check(at("hosts", name, "address"), address))),
      ...(isVirtual(cluster) ? apiPlaces(cluster, "address").flatMap(({ key, value }) => check(key, value)) : []),
    ];
  },
};

const farFromBalancers: Rule = {
  says: "No balancer is in the range of `nodeCidrs` that holds the virtual IP, nor has it an interface for that: no host there could answer for it.",
  check(cluster) {
    const { address } = cluster.api;
    if (address === undefined || !isVirtual(cluster) || cluster.balancer.interface !== undefined) return [];
    if (Object.values(cluster.hosts).some(({ balancerInterface }) => balancerInterface !== undefined)) return [];
    const holding = cluster.nodeCidrs.map(range).filter((it) => contains(it, address));
    const balancers = hostsOf(cluster, "balancer").flatMap((name) => cluster.hosts[name]?.address ?? []);
    if (holding.length === 0 || balancers.some((it) => holding.some((network) => contains(network, it)))) return [];
    const found = `is ${shown(address)} in ${holding[0]?.text}, where no host of role balancer is`;
    return oneProblem(at("api", "address"), found, "an address of the balancers' own network");
  },
};

const oneControlPlane: Rule = {
  says: "An external `api.address` is one host's own address, or a loopback one.",
  check(cluster) {
    const { address } = cluster.api;
    if (address === undefined || cluster.traits.ownsEndpoint || cluster.balancer.kind !== "external") return [];
    const key = at("api", "address");
    if (special(address) === "loopback")
      return oneProblem(key, `is ${shown(address)}`, "a loopback address only with a balancer of yours on every host");
    const owner = Object.entries(cluster.hosts).find(([, host]) => host.address === address)?.[0];
    if (owner === undefined) return [];
    return oneProblem(key, `is ${shown(address)}, host ${owner}'s own: the API is lost with it`, "a balancer's address");
  },
};

const ownName: Rule = {
  says: "The API's address is among `network.nameServers`, or there are more than 3 of them, of which CoreDNS takes all and hosts' libraries 3.",
  check(cluster) {
    const { nameServers } = cluster.network;
    const key = at("network", "nameServers");
    const own = apiPlaces(cluster, "address").find(({ value }) => nameServers.includes(value));
    if (own !== undefined) return oneProblem(key, `has ${own.value}, the API's address`, "addresses of name servers");
    if (nameServers.length <= 3) return [];
    return oneProblem(key, `has ${nameServers.length} addresses`, "at most 3: pods that look up by themselves take no more");
  },
};

/** Warnings about addresses. */
export const addressWarnings: readonly Rule[] = [unreachable, edges, farFromBalancers, oneControlPlane, ownName];
