import { podNetworkOf } from "../../../../config/pod-network.ts";
import type { Cluster, Role } from "../../../../config/schema.ts";
import { isNode } from "../../../cluster.ts";

// Tables of the packet filter that something else may take away: a restart of nftables.service and `nft flush ruleset` empty all.

/** What watches over them (lib-tables.sh), on hosts where there is anything to watch. */
export const TABLES_UNIT = "ha-kubernetes-tables.service";

/**
 * The tables to watch on a host with these roles, as the script reads it: `firewall` for the host's own table, and the name of each
 * program in a pod that writes its table once, when it starts (`netpol`: kube-network-policies, which writes its own again only when a
 * policy or a pod changes). In the other modes of kube-proxy both other programs look after their rules themselves.
 */
export function watchedTables(roles: readonly Role[], cluster: Cluster): string[] {
  const { hostPreparation, network } = cluster;
  const ofPods = isNode(roles) && network.kubeProxyMode === "nftables";
  return [
    ...(hostPreparation.firewall.enabled ? ["firewall"] : []),
    ...(ofPods ? ["kube-proxy"] : []),
    ...(ofPods && podNetworkOf(cluster) ? ["flanneld"] : []),
    ...(isNode(roles) && cluster.addons.networkPolicies ? ["netpol"] : []),
  ];
}
