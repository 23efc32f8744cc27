import { isNodeLocal, isRouted } from "../../../config/api.ts";
import type { Cluster } from "../../../config/schema.ts";
import type { HostFile, Stage } from "../../stage.ts";
import { haproxyFiles } from "./haproxy/haproxy.ts";
import { lvsFiles } from "./lvs/lvs.ts";
import { nginxFiles } from "./nginx/nginx.ts";
import { routedFiles } from "./routed/frr.ts";
import { keepalivedFiles } from "./vrrp/keepalived.ts";

export interface BalancerStageArgs {
  host: { name: string; address: string };
  owner: string;
  cluster: Pick<Cluster, "addons" | "api" | "balancer" | "hosts" | "network" | "nodeCidrs" | "traits">;
  /** The address that one of the balancers holds. */
  virtualIp: string;
  /** The one of the other family, with dual stack. Default: none. */
  secondVirtualIp?: string;
  /** All control planes, in any order. */
  controlPlanes: readonly { name: string; address: string }[];
  /** All balancers, in any order; this one's own may be among them. */
  balancerAddresses: readonly string[];
  /** The cluster's CA, PEM; during a rotation the old and the new one. */
  authorityPem: string;
  /** What FRR proves itself with to routers. Secret. Default: nothing. */
  routingPassword?: string;
  /** Password of the statistics page: letters, digits, - and _. Secret. */
  statisticsPassword: string;
  /** A person chose that password. Default: it is random. */
  chosenPassword?: boolean;
  /** Certificate and key of the statistics page, PEM; with `balancer.statistics.tls`. Secret. */
  pagePem?: string;
}

/**
 * What a balancer must hold: haproxy, or what the config has in its place, in front of the apiservers, and keepalived for the address they
 * are found at. A node that has a balancer of its own needs the first alone.
 */
export function balancerStage(args: BalancerStageArgs): Stage {
  const { host, owner, cluster, virtualIp } = args;
  const { former } = cluster.api;
  const local = isNodeLocal(cluster);
  const { kind } = cluster.balancer;
  const routed = isRouted(cluster) ? cluster.balancer.routed : undefined;
  const addresses = [virtualIp, ...(former?.address === undefined ? [] : [former.address])];
  const ownInterface = cluster.hosts[host.name]?.balancerInterface ?? cluster.balancer.interface;
  const peers = local ? [] : [...new Set(args.balancerAddresses)].filter((address) => address !== host.address).sort();
  return {
    name: "balancer",
    host: host.name,
    owner,
    settings: {
      HOST_ADDRESS: host.address,
      API_PORT: String(cluster.api.port),
      // While the API moves.
      ...(former?.port !== undefined && { FORMER_PORT: String(former.port) }),
      ...(!local && former?.address !== undefined && { ADDRESSES: addresses.join(" ") }),
      STATISTICS_PORT: String(cluster.balancer.statisticsPort),
      INTERFACE: ownInterface ?? "",
      // By default haproxy and vrrp.
      ...((kind === "nginx" || kind === "lvs") && { PROXY: kind }),
      ...(local && { HOLDER: "none" }),
      ...(routed && { HOLDER: "routed", ROUTED: addresses.join(" "), ROUTED_BY: routedBy[routed.protocol] }),
      PEERS: peers.join(" "),
    },
    files: [...proxyFiles(args, addresses), ...holderFiles(args, peers, addresses, ownInterface)],
  };
}

/** What leads to the apiservers. */
function proxyFiles(args: BalancerStageArgs, addresses: readonly string[]): HostFile[] {
  const { owner, cluster, authorityPem, statisticsPassword, chosenPassword, pagePem } = args;
  const controlPlanes = [...args.controlPlanes].sort((a, b) => (a.name < b.name ? -1 : 1));
  if (cluster.balancer.kind === "nginx") return nginxFiles({ owner, cluster, controlPlanes }, authorityPem);
  if (cluster.balancer.kind === "lvs") return lvsFiles({ owner, cluster, addresses, controlPlanes }, authorityPem);
  return haproxyFiles({ owner, cluster, controlPlanes, statisticsPassword, chosenPassword, pagePem }, authorityPem);
}

/** What shows FRR's neighbors. */
const routedBy = { bgp: "bgp summary", ospf: "ip ospf neighbor" } as const;

/** What brings the API's address to a balancer. */
function holderFiles(
  args: BalancerStageArgs,
  peers: readonly string[],
  addresses: readonly string[],
  ownInterface: string | undefined,
): HostFile[] {
  const { host, cluster, virtualIp, secondVirtualIp, routingPassword } = args;
  if (isNodeLocal(cluster)) return [];
  if (isRouted(cluster)) return routedFiles({ host, cluster, addresses, ownInterface, password: routingPassword });
  return keepalivedFiles({ host, cluster, virtualIp, secondVirtualIp, peers, ownInterface: ownInterface !== undefined });
}
