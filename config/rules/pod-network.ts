import { isDeepStrictEqual } from "node:util";
import { contains, inside, listOf, range, special } from "../addresses.ts";
import { podNetworkOf } from "../pod-network.ts";
import { oneProblem, type Problem, shown } from "../problems.ts";
import { networkSchema } from "../schema/network.ts";
import type { Cluster } from "../schema.ts";
import { addressesOf, at, type Rule } from "./rule.ts";

// The pod network and kube-proxy: which keys have an effect together.

const proxyOfSomebody: Rule = {
  says: "`network.kubeProxyMode: none` needs `network.plugin: none`: flannel reaches the API by a Service.",
  check: (cluster) =>
    cluster.network.kubeProxyMode === "none" && podNetworkOf(cluster) !== undefined
      ? oneProblem(
          at("network", "kubeProxyMode"),
          'is "none"',
          "nftables, iptables or ipvs with flannel, which reaches the API by a Service",
          "set cluster.network.plugin: none and install a network that replaces kube-proxy, such as Cilium",
        )
      : [],
};

/** A key of flannel that has no effect. */
const useless = (key: keyof Cluster["network"]["flannel"], found: unknown, why: string): Problem[] =>
  oneProblem(at("network", "flannel", key), `is ${found}`, `nothing with ${why}`, "take it out");

const flannelKeys: Rule = {
  says: "Keys of `network.flannel` fit its backend: no `port` and `mtu` with host-gw, `directRouting` and `checksumOffload` with vxlan only.",
  check({ network: { flannel } }) {
    const { backend, port, mtu, directRouting, checksumOffload } = flannel;
    const why = `cluster.network.flannel.backend: ${backend}`;
    return [
      ...(backend === "host-gw" && port !== undefined ? useless("port", port, why) : []),
      ...(backend === "host-gw" && mtu !== undefined ? useless("mtu", mtu, why) : []),
      ...(backend !== "vxlan" && directRouting ? useless("directRouting", true, why) : []),
      ...(backend !== "vxlan" && !checksumOffload ? useless("checksumOffload", false, why) : []),
    ];
  },
};

/** The ranges of `network.nodePortAddresses`, each with its key. */
const nodePortRanges = ({ network }: Cluster) =>
  network.nodePortAddresses.flatMap((text, index) =>
    text === "primary" ? [] : [{ key: at("network", "nodePortAddresses", index), text, range: range(text) }],
  );

const nodePortPlaces: Rule = {
  says: "`network.nodePortAddresses` is primary alone or ranges alone, and no range is of special addresses, pods or Services. Loopback goes with iptables, which answers there.",
  check(cluster) {
    const { kubeProxyMode, nodePortAddresses } = cluster.network;
    const ranges = nodePortRanges(cluster);
    const mixed = ranges.length > 0 && ranges.length < nodePortAddresses.length;
    const inner = (["podCidr", "serviceCidr"] as const).flatMap((key) =>
      listOf(cluster.network[key]).map((cidr) => ({ key: at("network", key), cidr: range(cidr) })),
    );
    return [
      ...(mixed
        ? oneProblem(
            at("network", "nodePortAddresses"),
            `is ${nodePortAddresses.join(", ")}`,
            "primary alone, or ranges alone: kube-proxy does not start with both",
          )
        : []),
      ...ranges.flatMap(({ key, text, range }): Problem[] => {
        const what = special(text);
        const own = inner.find(({ cidr }) => inside(range, cidr));
        const why = what === "loopback" && kubeProxyMode === "iptables" ? undefined : (what ?? (own && `in ${own.key}`));
        return why === undefined ? [] : oneProblem(key, `is ${shown(text)}, ${why}`, "a range of the hosts' own addresses");
      }),
    ];
  },
};

/** Rules about the pod network and kube-proxy. */
export const podNetworkRules: readonly Rule[] = [proxyOfSomebody, flannelKeys, nodePortPlaces];

/** The nodes that are there: hosts of the config that run pods. */
const nodes = ({ hosts }: Cluster) =>
  Object.entries(hosts).filter(
    ([, { roles, lost }]) => !lost && roles.some((role) => role === "control-plane" || role === "worker"),
  );

const nodePortHosts: Rule = {
  says: "A range of `network.nodePortAddresses` has the address of no node in the config: NodePorts answer there only if nodes have other addresses in it.",
  check(cluster) {
    if (cluster.traits.createsHosts) return [];
    const addresses = nodes(cluster).flatMap(([, host]) => addressesOf(host));
    return nodePortRanges(cluster)
      .filter(({ text, range }) => special(text) === undefined && !addresses.some((address) => contains(range, address)))
      .map(({ key, text }) => ({
        key,
        found: `is ${shown(text)}, where no node of the config is`,
        allowed: "a range that the nodes have addresses in",
      }));
  },
};

const hostGateway: Rule = {
  says: "`network.flannel.backend` is host-gw and nodes are in several ranges of `nodeCidrs`: its routes work inside one network segment alone.",
  check(cluster) {
    if (podNetworkOf(cluster)?.backend !== "host-gw") return [];
    const ranges = cluster.nodeCidrs.map(range).sort((a, b) => a.prefix - b.prefix);
    const placed = nodes(cluster).flatMap(([name, { address }]) => {
      const network = address === undefined ? undefined : ranges.find((it) => contains(it, address));
      return network === undefined ? [] : [{ name, network: network.text }];
    });
    const byNetwork = [...Map.groupBy(placed, ({ network }) => network)];
    if (byNetwork.length < 2) return [];
    const where = byNetwork.map(([network, hosts]) => `${hosts.map(({ name }) => name).join(", ")} in ${network}`);
    return oneProblem(
      at("network", "flannel", "backend"),
      `is "host-gw", with ${where.join("; ")}`,
      "vxlan with directRouting: true, unless one network segment has all of these ranges",
    );
  },
};

const unusedFlannel: Rule = {
  says: "`network.flannel` or `network.flannelInterface` is set and flannel is not the pod network.",
  check(cluster) {
    if (podNetworkOf(cluster) !== undefined) return [];
    const { network } = cluster;
    const defaults = networkSchema.parse(undefined);
    const why = network.plugin === "none" ? "cluster.network.plugin: none" : "cluster.addons.flannel: false";
    return (["flannel", "flannelInterface"] as const)
      .filter((key) => !isDeepStrictEqual(network[key], defaults[key]))
      .map((key) => ({ key: at("network", key), found: "is not used", allowed: `nothing with ${why}` }));
  },
};

const ipvsKeys: Rule = {
  says: "`network.ipvs` is set and `network.kubeProxyMode` is another mode.",
  check({ network: { ipvs, kubeProxyMode } }) {
    if (kubeProxyMode === "ipvs" || (ipvs.scheduler === "rr" && !ipvs.strictArp)) return [];
    return oneProblem(at("network", "ipvs"), "is not used", `nothing with cluster.network.kubeProxyMode: ${kubeProxyMode}`);
  },
};

const proxyKeys: Rule = {
  says: "`network.nodePortAddresses` is set and there is no kube-proxy.",
  check: ({ network: { kubeProxyMode, nodePortAddresses } }) =>
    kubeProxyMode !== "none" || nodePortAddresses.length === 0
      ? []
      : oneProblem(at("network", "nodePortAddresses"), "is not used", "nothing with cluster.network.kubeProxyMode: none"),
};

const idleConntrack: Rule = {
  says: "`kubeProxy.conntrackMin` is set and `kubeProxy.conntrackMaxPerCore` is 0: kube-proxy does not look at it.",
  check: ({ kubeProxy: { conntrackMin, conntrackMaxPerCore } }) =>
    conntrackMin === 0 || conntrackMaxPerCore > 0
      ? []
      : oneProblem(
          at("kubeProxy", "conntrackMin"),
          `is ${conntrackMin} and is not used`,
          "nothing, or cluster.kubeProxy.conntrackMaxPerCore above 0 beside it",
        ),
};

/** Warnings about the pod network and kube-proxy. */
export const podNetworkWarnings: readonly Rule[] = [
  ipvsKeys,
  proxyKeys,
  nodePortHosts,
  hostGateway,
  unusedFlannel,
  idleConntrack,
];
