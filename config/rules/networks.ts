import { canonical, contains, familyOf, lastByte, listOf, overlap, range } from "../addresses.ts";
import { buildsBalancer, isNodeLocal, isVirtual } from "../api.ts";
import { oneProblem, type Problem, shown } from "../problems.ts";
import type { Cluster } from "../schema.ts";
import { addressesOf, apiPlaces, at, eachHost, type Rule } from "./rule.ts";

// Addresses and ranges.

interface Network {
  key: string;
  cidr: string;
}

/** The networks that every provider has. */
function networks({ nodeCidrs, network }: Cluster): { nodes: Network[]; pods: Network[]; services: Network[] } {
  const ranges = (key: "podCidr" | "serviceCidr") => listOf(network[key]).map((cidr) => ({ key: at("network", key), cidr }));
  return {
    nodes: nodeCidrs.map((cidr, index) => ({ key: at("nodeCidrs", index), cidr })),
    pods: ranges("podCidr"),
    services: ranges("serviceCidr"),
  };
}

/** Ranges whose host part is not zero. */
export const unevenRanges = (ranges: readonly Network[]): Problem[] =>
  ranges
    .filter(({ cidr }) => canonical(cidr) !== cidr)
    .map(({ key, cidr }) => ({
      key,
      found: `is ${shown(cidr)}`,
      allowed: `a range whose host part is zero: ${canonical(cidr)}`,
    }));

const hostPartZero: Rule = {
  says: "The host part of every range is zero.",
  check(cluster) {
    const { nodes, pods, services } = networks(cluster);
    return unevenRanges([...nodes, ...pods, ...services]);
  },
};

const noOverlap: Rule = {
  says: "The networks of nodes, pods and Services share no address.",
  check(cluster) {
    const { nodes, pods, services } = networks(cluster);
    const each = (own: Network[], others: Network[]) => own.flatMap((one) => others.map((other) => [one, other] as const));
    const pairs = [...each(pods, nodes), ...each(services, [...nodes, ...pods])];
    return pairs
      .filter(([a, b]) => overlap(range(a.cidr), range(b.cidr)))
      .map(([a, b]) => ({
        key: a.key,
        found: `is ${shown(a.cidr)}`,
        allowed: `a range that shares no address with ${b.key}, ${b.cidr}`,
      }));
  },
};

const serviceRoom: Rule = {
  says: "The Services' range is between /12 (IPv6: /108), kubeadm's limit, and /28 (/124), which still holds the 10th address, the DNS.",
  check: (cluster) =>
    listOf(cluster.network.serviceCidr).flatMap((cidr) => {
      const { family, prefix } = range(cidr);
      const [longest, shortest] = family === 4 ? [12, 28] : [108, 124];
      if (prefix >= longest && prefix <= shortest) return [];
      return oneProblem(at("network", "serviceCidr"), `is ${shown(cidr)}`, `a range from /${longest} to /${shortest}`);
    }),
};

const addresses: Rule = {
  says: "Every host has an address. It may be left out where the provider gives addresses.",
  check: (cluster) =>
    cluster.traits.givesAddresses
      ? []
      : eachHost(cluster, (name, { address }) =>
          address === undefined ? oneProblem(at("hosts", name, "address"), "is missing", "an address such as 10.77.0.10") : [],
        ),
};

const uniqueAddresses: Rule = {
  says: "No two hosts have one address.",
  check(cluster) {
    const seen = new Map<string, string>();
    return eachHost(cluster, (name, host) =>
      addressesOf(host).flatMap((address) => {
        const first = seen.get(address);
        seen.set(address, first ?? name);
        if (first === undefined) return [];
        return oneProblem(at("hosts", name, "address"), `is ${shown(address)}, as is that of ${first}`, "an address of its own");
      }),
    );
  },
};

const insideNodeCidrs: Rule = {
  says: "Every host's address is in one of `nodeCidrs`; so is the virtual IP, the former one too, unless it is routed.",
  check(cluster) {
    if (cluster.traits.ownsNetwork) return []; // its rules say more
    const ranges = cluster.nodeCidrs.map(range);
    // One of a family without a range is another rule's.
    const outside = (address: string) =>
      ranges.some(({ family }) => family === familyOf(address)) && !ranges.some((network) => contains(network, address));
    const allowed = `an address in cluster.nodeCidrs: ${cluster.nodeCidrs.join(", ")}`;
    const hosts = eachHost(cluster, (name, host) =>
      addressesOf(host)
        .filter(outside)
        .flatMap((address) => oneProblem(at("hosts", name, "address"), `is ${shown(address)}`, allowed)),
    );
    const virtual = isVirtual(cluster) ? apiPlaces(cluster, "address") : [];
    return [
      ...hosts,
      ...virtual.filter(({ value }) => outside(value)).map(({ key, value }) => ({ key, found: `is ${shown(value)}`, allowed })),
    ];
  },
};

const apiAddress: Rule = {
  says: "`api.address` is given, unless the provider has the balancer, every node has its own, or name servers know an external one by `api.domainName`; except for an external balancer, it is not the address of a host.",
  check(cluster) {
    const { address } = cluster.api;
    const key = at("api", "address");
    if (cluster.traits.ownsEndpoint) {
      if (address === undefined) return [];
      return oneProblem(
        key,
        `is ${shown(address)}`,
        `nothing with cluster.provider: ${cluster.provider}, whose balancer has its own address`,
      );
    }
    if (address === undefined) {
      if (isNodeLocal(cluster) || cluster.balancer.kind === "external") return [];
      return oneProblem(key, "is missing", "a free address that becomes the virtual IP, or that of the balancer you run");
    }
    if (!buildsBalancer(cluster) && !isNodeLocal(cluster)) return [];
    const allowed = isNodeLocal(cluster)
      ? "no such key: a node's own balancer answers on loopback only, and the kubeconfig names a control plane by itself"
      : "an address that no host has; it moves between the balancers";
    const virtual = [address, cluster.api.secondAddress];
    return eachHost(cluster, (name, host) =>
      addressesOf(host)
        .filter((own) => virtual.includes(own))
        .flatMap((own) => oneProblem(key, `is ${shown(own)}, the address of host ${name}`, allowed)),
    );
  },
};

const former = ({ api }: Cluster) => ({ address: api.former?.address, id: api.former?.virtualRouterId });

const virtualRouterId: Rule = {
  says: "A virtual IP that ends in 0 needs `balancer.virtualRouterId` (a former one `api.former.virtualRouterId`), whose default is the last byte.",
  check(cluster) {
    const { address } = cluster.api;
    if (!isVirtual(cluster)) return [];
    const places = [
      { key: at("balancer", "virtualRouterId"), of: at("api", "address"), address, id: cluster.balancer.virtualRouterId },
      { key: at("api", "former", "virtualRouterId"), of: at("api", "former", "address"), ...former(cluster) },
    ];
    return places
      .filter(({ address, id }) => id === undefined && address !== undefined && lastByte(address) === 0)
      .map(({ key, of, address }) => ({
        key,
        found: "is missing",
        allowed: `a number from 1 to 255, because the last byte of ${of} ${address} is 0`,
      }));
  },
};

/** Rules about addresses and ranges. */
export const networkRules: readonly Rule[] = [
  hostPartZero,
  noOverlap,
  serviceRoom,
  addresses,
  uniqueAddresses,
  insideNodeCidrs,
  apiAddress,
  virtualRouterId,
];
