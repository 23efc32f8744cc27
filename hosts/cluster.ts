import { hostPort } from "../config/addresses.ts";
import { podNetworkOf } from "../config/pod-network.ts";
import { ETCD_CLIENT_PORT, ETCD_PEER_PORT } from "../config/ports.ts";
import { isNode } from "../config/roles.ts";
import type { Cluster, Role } from "../config/schema.ts";

// What several stages read off a cluster's config.

export { isNode };

/**
 * Whether /etc/hosts of a host of these roles says where the API is; else name servers do. Where each node has a balancer of its own, a host
 * that is not a node has none.
 */
export const namesApi = ({ kind, inDns }: { kind?: string; inDns?: boolean }, roles: readonly Role[]): boolean =>
  !inDns && (kind !== "node-local" || isNode(roles));

/** Names of the hosts that are gone for good: what they left in the cluster is removed by others. */
export const lostHosts = (cluster: Pick<Cluster, "hosts">): string[] =>
  Object.entries(cluster.hosts)
    .filter(([, { lost }]) => lost)
    .map(([name]) => name)
    .sort();

/** The pod network that this program installs; empty where the user brings one, without which no Node is Ready. */
export const podNetwork = (cluster: Pick<Cluster, "addons" | "network">) => podNetworkOf(cluster)?.plugin ?? "";

/** Where clients reach a member of etcd. */
export const clientUrl = (address: string): string => `https://${hostPort(address, ETCD_CLIENT_PORT)}`;

/** Where other members reach it. */
export const peerUrl = (address: string): string => `https://${hostPort(address, ETCD_PEER_PORT)}`;
