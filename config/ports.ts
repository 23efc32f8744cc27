import { apiPorts, buildsBalancer, hasStatisticsPage, isNodeLocal, isRouted, statisticsPagePort } from "./api.ts";
import { isMonitored } from "./monitoring.ts";
import { podNetworkOf } from "./pod-network.ts";
import type { Firewall } from "./schema/firewall.ts";
import type { Cluster, Role } from "./schema.ts";

// The port table: what a host of each role listens on for others. Preflight finds out whether they are free, the firewall who may
// come in. Of ports that answer on loopback only it has those of a node's own balancer, whose numbers the config has.

/** The port of every apiserver on its own host: kubeadm's default. */
export const APISERVER_PORT = 6443;
/** Where clients reach a member of etcd, and where the other members do: etcd's defaults. */
export const ETCD_CLIENT_PORT = 2379;
export const ETCD_PEER_PORT = 2380;
/** Where a member of etcd serves its metrics: always on loopback, see `etcd.metrics`. */
export const METRICS_PORT = 2381;
/** Where hosts say what Prometheus reads, with `addons.monitoring`: a host of itself, its haproxy, and its kernel, by node-exporter. */
export const HOST_METRICS_PORT = 2384;
export const HAPROXY_METRICS_PORT = 9101;
export const NODE_EXPORTER_PORT = 9100;
/** Where a control plane says, during a teardown without etcd quorum, that it leaves. Scripts have the number, too. */
export const LEAVING_PORT = 2383;

/**
 * Who may reach a port. `itself`: it answers on loopback only. `routers`: the addresses in `from`, or without any the routers of the
 * host's own networks, whose packets no other router has passed on.
 */
export type Source = "itself" | "nodes" | "nodes and pods" | "routers" | "anyone";

export interface Port {
  number: number;
  protocol: "tcp" | "udp";
  /** What listens there, as the kernel shows its name (15 characters). Empty: the kernel itself. */
  program: string;
  source: Source;
  /** With source `routers`: their addresses. */
  from?: readonly string[];
}

/** Where routers reach FRR: RFC 4271 and RFC 5881 name the ports. Routers need not be among `nodeCidrs`. Those of OSPF have no names here. */
function routing(cluster: Cluster): Port[] {
  const { routed } = cluster.balancer;
  if (!isRouted(cluster) || routed === undefined) return [];
  const isBgp = routed.protocol === "bgp";
  const routers = { source: "routers", ...(isBgp && { from: routed.peers.map(({ address }) => address).sort() }) } as const;
  const bgp: Port[] = isBgp ? [{ number: 179, protocol: "tcp", program: "bgpd", ...routers }] : [];
  const bfd: Port[] = routed.bfd ? [{ number: 3784, protocol: "udp", program: "bfdd", ...routers }] : [];
  return [...bgp, ...bfd];
}

/** The statistics page where it has a port of its own. */
function statisticsPage(cluster: Cluster): Port[] {
  if (!hasStatisticsPage(cluster) || !cluster.balancer.statistics.tls) return [];
  return [{ number: statisticsPagePort(cluster), protocol: "tcp", program: "haproxy", source: "nodes" }];
}

/** Who reaches the statistics page on a host of these roles besides nodes, in the words of `hostPreparation.firewall.allow`. */
export function statisticsReaders(roles: readonly Role[], cluster: Cluster): Firewall["allow"] {
  const { from } = cluster.balancer.statistics;
  if (!roles.includes("balancer") || !hasStatisticsPage(cluster) || from.length === 0) return [];
  return [{ port: statisticsPagePort(cluster), protocol: "tcp", from }];
}

/** Where kube-proxy says whether it is well. */
const KUBE_PROXY: Port = { number: 10256, protocol: "tcp", program: "kube-proxy", source: "nodes and pods" };

/** Where MetalLB's speakers find out which of them are there, and where an ingress answers at ports of the nodes themselves. */
function addonPorts({ addons: { ingress, metallb } }: Cluster): Port[] {
  const members = (["tcp", "udp"] as const).map(
    (protocol): Port => ({ number: 7946, protocol, program: "speaker", source: "nodes" }),
  );
  // Pods' host ports are the kernel's.
  const web = [80, 443].map((number): Port => ({ number, protocol: "tcp", program: "", source: "anyone" }));
  return [...(metallb ? members : []), ...(ingress?.exposure === "host-ports" ? web : [])];
}

/** The tunnel of the pod network. A network of the user's own is taken to have VXLAN at the kernel's port, as most do. */
function tunnel(cluster: Cluster): Port[] {
  const own = podNetworkOf(cluster);
  if (own !== undefined && own.port === undefined) return [];
  return [{ number: own?.port ?? 8472, protocol: "udp", program: "", source: "nodes" }];
}

/** The program of IPVS, which is a module of the kernel: no process listens on its ports. */
export const IPVS = "ip_vs";

/** The programs at the API's port and at the statistics port, by kind of balancer. */
const programsOf = {
  haproxy: ["haproxy", "haproxy"],
  nginx: ["nginx", "nginx"],
  lvs: [IPVS, "socat"],
  "node-local": ["haproxy", "haproxy"],
  external: ["haproxy", "haproxy"],
} as const;

/** The ports of a host with these roles, by number. */
export function ports(roles: readonly Role[], cluster: Cluster): Port[] {
  const { balancer, etcd, network } = cluster;
  // A balancer that is not ours connects from addresses that nodeCidrs need not hold.
  const apiserverSource: Source = buildsBalancer(cluster) ? "nodes and pods" : "anyone";
  const [proxy, answers] = programsOf[balancer.kind];
  const api = (source: Source) => apiPorts(cluster).map((number): Port => ({ number, protocol: "tcp", program: proxy, source }));
  const statistics = (source: Source): Port => ({ number: balancer.statisticsPort, protocol: "tcp", program: answers, source });
  const monitored = (number: number, program: string): Port[] =>
    isMonitored(cluster) ? [{ number, protocol: "tcp", program, source: "nodes and pods" }] : [];
  const itself = monitored(HOST_METRICS_PORT, "systemd");
  const balancerItself = proxy === "haproxy" ? monitored(HAPROXY_METRICS_PORT, proxy) : [];
  const metrics: Port[] =
    isMonitored(cluster) || etcd.metrics === "nodes"
      ? [{ number: METRICS_PORT, protocol: "tcp", program: "etcd", source: "nodes and pods" }]
      : [];
  const node: Port[] = [
    ...(isNodeLocal(cluster) ? [...api("itself"), statistics("itself"), ...balancerItself] : []),
    ...itself,
    ...(cluster.addons.monitoring.nodeExporter ? monitored(NODE_EXPORTER_PORT, "node_exporter") : []),
    ...tunnel(cluster),
    ...addonPorts(cluster),
    { number: 10250, protocol: "tcp", program: "kubelet", source: "nodes and pods" },
    ...(network.kubeProxyMode === "none" ? [] : [KUBE_PROXY]),
  ];
  const table: Record<Role, Port[]> = {
    etcd: [
      { number: ETCD_CLIENT_PORT, protocol: "tcp", program: "etcd", source: "nodes" },
      { number: ETCD_PEER_PORT, protocol: "tcp", program: "etcd", source: "nodes" },
      // Prometheus may be a pod.
      ...metrics,
      ...itself,
    ],
    balancer: [
      ...api("anyone"),
      statistics("nodes"),
      ...balancerItself,
      ...itself,
      ...statisticsPage(cluster),
      ...routing(cluster),
    ],
    "control-plane": [
      ...node,
      { number: LEAVING_PORT, protocol: "tcp", program: "systemd", source: "nodes" },
      { number: APISERVER_PORT, protocol: "tcp", program: "kube-apiserver", source: apiserverSource },
      { number: 10257, protocol: "tcp", program: "kube-controller", source: "nodes and pods" },
      { number: 10259, protocol: "tcp", program: "kube-scheduler", source: "nodes and pods" },
    ],
    worker: node,
  };
  const byKey = new Map(roles.flatMap((role) => table[role]).map((port) => [`${port.number}/${port.protocol}`, port]));
  return [...byKey.values()].sort((a, b) => a.number - b.number);
}
