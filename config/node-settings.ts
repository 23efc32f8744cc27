import { podNetworkOf } from "./pod-network.ts";
import type { Cluster } from "./schema.ts";

// What a host's Node is to say of itself: its pool's labels and taints, and the host's own over them.

type Pool = Cluster["pools"][string];
export type Taint = Pool["taints"][number];

export interface NodeSettings {
  labels: Readonly<Record<string, string>>;
  taints: readonly Taint[];
  annotations: Readonly<Record<string, string>>;
}

export type NodesConfig = Pick<Cluster, "hosts" | "pools">;

/** What keeps ordinary pods off a control plane; one with the role worker has none. */
const ofControlPlanes: Taint = { key: "node-role.kubernetes.io/control-plane", value: "", effect: "NoSchedule" };

/** Labels, taints and annotations of a host's Node. A host that the config doesn't name, of a pool that scales, has its pool's. */
export function nodeSettings({ hosts, pools }: NodesConfig, name: string, poolName = hosts[name]?.pool): NodeSettings {
  const host = hosts[name];
  const pool = poolName === undefined ? undefined : pools[poolName];
  const plane = host?.roles.includes("control-plane") && !host.roles.includes("worker");
  const taints = [...(plane ? [ofControlPlanes] : []), ...(pool?.taints ?? []), ...(host?.taints ?? [])];
  return {
    labels: { ...(poolName !== undefined && { "ha-kubernetes/pool": poolName }), ...pool?.labels, ...host?.labels },
    taints: [...new Map(taints.map((taint) => [`${taint.key}:${taint.effect}`, taint])).values()],
    annotations: { ...host?.annotations },
  };
}

/** Whether some Node has an interface of its own for pod traffic: then each host says which one it takes. */
export const hasFlannelInterfaces = (cluster: Pick<Cluster, "addons" | "hosts" | "network">): boolean =>
  podNetworkOf(cluster) !== undefined &&
  Object.values(cluster.hosts).some(({ flannelInterface, lost }) => flannelInterface !== undefined && !lost);

/** The folder on hosts, and the file in it, where flannel finds its interface. The file is empty where it is that of the Node's address. */
export const flannelPlace = { folder: "/etc/ha-kubernetes/flannel", file: "/etc/ha-kubernetes/flannel/interface" } as const;
