import { isNodeLocal } from "../../../config/api.ts";
import type { Cluster } from "../../../config/schema.ts";
import type { Stage } from "../../stage.ts";
import { haproxyFiles } from "./haproxy/haproxy.ts";
import { keepalivedFiles } from "./vrrp/keepalived.ts";

export interface BalancerStageArgs {
  host: { name: string; address: string };
  owner: string;
  cluster: Pick<Cluster, "api" | "balancer" | "hosts" | "network" | "nodeCidrs" | "traits">;
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
  /** Password of the statistics page's user admin: letters, digits, - and _. Secret. */
  statisticsPassword: string;
}

/**
 * What a balancer must hold: haproxy in front of the apiservers, and keepalived for the address they are found at. A node that has a
 * balancer of its own needs the first alone.
 */
export function balancerStage(args: BalancerStageArgs): Stage {
  const { host, owner, cluster, virtualIp, secondVirtualIp, statisticsPassword } = args;
  const controlPlanes = [...args.controlPlanes].sort((a, b) => (a.name < b.name ? -1 : 1));
  const { former } = cluster.api;
  const local = isNodeLocal(cluster);
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
      ...(!local && former?.address !== undefined && { ADDRESSES: `${virtualIp} ${former.address}` }),
      STATISTICS_PORT: String(cluster.balancer.statisticsPort),
      INTERFACE: ownInterface ?? "",
      // By default vrrp.
      ...(local && { HOLDER: "none" }),
      PEERS: peers.join(" "),
    },
    files: [
      ...haproxyFiles({ owner, cluster, controlPlanes, statisticsPassword }, args.authorityPem),
      ...(local
        ? []
        : keepalivedFiles({ host, cluster, virtualIp, secondVirtualIp, peers, ownInterface: ownInterface !== undefined })),
    ],
  };
}
