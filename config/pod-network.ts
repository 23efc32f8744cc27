import type { Cluster } from "./schema.ts";

// The pod network, read off the config in one place: stages, add-ons and the port table ask here.

/** The kernel's default port of VXLAN, and WireGuard's in flannel. */
const defaultPorts = { vxlan: 8472, wireguard: 51820 } as const;

/** The pod network that this program installs. */
export interface PodNetwork {
  plugin: "flannel";
  backend: Cluster["network"]["flannel"]["backend"];
  /** UDP port of the tunnel. Absent with host-gw, which has none. */
  port?: number;
  /** The kind of the tunnel's network device. Absent with host-gw. */
  link?: keyof typeof defaultPorts;
}

/** The pod network that this program installs; undefined where the user brings one. */
export function podNetworkOf({ network, addons }: Pick<Cluster, "network" | "addons">): PodNetwork | undefined {
  if (network.plugin === "none" || !addons.flannel) return undefined;
  const { backend, port } = network.flannel;
  if (backend === "host-gw") return { plugin: "flannel", backend };
  return { plugin: "flannel", backend, port: port ?? defaultPorts[backend], link: backend };
}

/** The pod network in words that change only with what nodes must agree on, for the record of an `up`. */
export const podNetworkWords = (cluster: Pick<Cluster, "network" | "addons">): string => {
  const found = podNetworkOf(cluster);
  return found === undefined ? "none" : [found.plugin, found.backend, found.port].filter((it) => it !== undefined).join(" ");
};
