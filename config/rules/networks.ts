import { addressNumber, canonical, contains, overlap, range } from "../addresses.ts";
import { buildsBalancer, isNodeLocal, isVirtual } from "../api.ts";
import { counted, oneProblem, type Problem, shown } from "../problems.ts";
import type { Cluster } from "../schema.ts";
import { apiPlaces, at, eachHost, type Rule } from "./rule.ts";

// Addresses and ranges.

interface Network {
  key: string;
  cidr: string;
}

/** The networks that every provider has. */
function networks({ nodeCidrs, network }: Cluster): { nodes: Network[]; pods: Network; services: Network } {
  return {
    nodes: nodeCidrs.map((cidr, index) => ({ key: at("nodeCidrs", index), cidr })),
    pods: { key: at("network", "podCidr"), cidr: network.podCidr },
    services: { key: at("network", "serviceCidr"), cidr: network.serviceCidr },
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
    return unevenRanges([...nodes, pods, services]);
  },
};

const noOverlap: Rule = {
  says: "The networks of nodes, pods and Services share no address.",
  check(cluster) {
    const { nodes, pods, services } = networks(cluster);
    const pairs = [...nodes.map((node) => [pods, node] as const), ...[...nodes, pods].map((other) => [services, other] as const)];
    return pairs
      .filter(([a, b]) => overlap(range(a.cidr), range(b.cidr)))
      .map(([a, b]) => ({
        key: a.key,
        found: `is ${shown(a.cidr)}`,
        allowed: `a range that shares no address with ${b.key}, ${b.cidr}`,
      }));
  },
};

const podRoom: Rule = {
  says: "The pods' range is between /8 and /24 and has a /24 for every control plane and worker.",
  check(cluster) {
    const { prefix } = range(cluster.network.podCidr);
    const key = at("network", "podCidr");
    const found = `is ${shown(cluster.network.podCidr)}`;
    // The controller-manager takes at most 16 bits between the cluster's and the nodes' mask, so /8 for nodes of /24.
    if (prefix < 8 || prefix > 24) return oneProblem(key, found, "a range from /8 to /24; a /24 of it goes to each node");
    const hosts = Object.values(cluster.hosts).filter(
      ({ roles }) => roles.includes("worker") || roles.includes("control-plane"),
    ).length;
    const nodes = Object.values(cluster.pools).reduce((sum, { autoscaling }) => sum + (autoscaling?.maximum ?? 0), hosts);
    if (2 ** (24 - prefix) >= nodes) return [];
    const allowed = `a range with a /24 for each of the ${counted(nodes, "node")}: /${24 - Math.ceil(Math.log2(nodes))} or larger`;
    return oneProblem(key, found, allowed);
  },
};

const serviceRoom: Rule = {
  says: "The Services' range is between /12, kube-apiserver's limit, and /28, which still holds the 10th address, the DNS.",
  check(cluster) {
    const { serviceCidr } = cluster.network;
    const { prefix } = range(serviceCidr);
    if (prefix >= 12 && prefix <= 28) return [];
    return oneProblem(at("network", "serviceCidr"), `is ${shown(serviceCidr)}`, "a range from /12 to /28");
  },
};

const addresses: Rule = {
  says: "Every host has an address. It may be left out where the provider gives addresses.",
  check: (cluster) =>
    cluster.traits.givesAddresses
      ? []
      : eachHost(cluster, (name, { address }) =>
          address === undefined
            ? oneProblem(at("hosts", name, "address"), "is missing", "an IPv4 address such as 10.77.0.10")
            : [],
        ),
};

const uniqueAddresses: Rule = {
  says: "No two hosts have one address.",
  check(cluster) {
    const seen = new Map<string, string>();
    return eachHost(cluster, (name, { address }) => {
      if (address === undefined) return [];
      const first = seen.get(address);
      seen.set(address, first ?? name);
      if (first === undefined) return [];
      return oneProblem(at("hosts", name, "address"), `is ${shown(address)}, as is that of ${first}`, "an address of its own");
    });
  },
};

const insideNodeCidrs: Rule = {
  says: "Every host's address is in one of `nodeCidrs`; so is the virtual IP, the former one too, unless it is routed.",
  check(cluster) {
    if (cluster.traits.ownsNetwork) return []; // its rules say more
    const ranges = cluster.nodeCidrs.map(range);
    const outside = (address: string) => !ranges.some((network) => contains(network, addressNumber(address)));
    const allowed = `an address in cluster.nodeCidrs: ${cluster.nodeCidrs.join(", ")}`;
    const hosts = eachHost(cluster, (name, { address }) =>
      address !== undefined && outside(address) ? oneProblem(at("hosts", name, "address"), `is ${shown(address)}`, allowed) : [],
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
    return eachHost(cluster, (name, host) =>
      host.address === address ? oneProblem(key, `is ${shown(address)}, the address of host ${name}`, allowed) : [],
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
      .filter(({ address, id }) => id === undefined && address !== undefined && addressNumber(address) % 256 === 0)
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
  podRoom,
  serviceRoom,
  addresses,
  uniqueAddresses,
  insideNodeCidrs,
  apiAddress,
  virtualRouterId,
];
