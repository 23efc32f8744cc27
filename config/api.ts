import { lastByte } from "./addresses.ts";
import type { Cluster } from "./schema.ts";

// Where the API is found. While it moves there are two of what changes: the new one, which clients go to, and the former one.

type Api = Pick<Cluster, "api">;

const both = <T>(now: T, former: T | undefined): [T, ...T[]] => (former === undefined ? [now] : [now, former]);

/** The API's names, the present one first. */
export const apiNames = ({ api }: Api): [string, ...string[]] => both(api.domainName, api.former?.domainName);

/** The API's ports, the present one first. */
export const apiPorts = ({ api }: Api): [number, ...number[]] => both(api.port, api.former?.port);

/** What makes the API known to clients that are older than the move: `name:port`, served before it and all through it. */
export const lastingEndpoint = ({ api }: Api): string =>
  `${api.former?.domainName ?? api.domainName}:${api.former?.port ?? api.port}`;

/** The virtual IP's VRRP id: the config's, or the last byte of the address. */
export const routerId = (address: string, given: number | undefined): number => given ?? lastByte(address);

/** Whether this program builds the API's balancer, on hosts of role balancer. A provider may have one of its own. */
export const buildsBalancer = ({ traits, balancer: { kind } }: Pick<Cluster, "traits" | "balancer">): boolean =>
  !traits.ownsEndpoint && (kind === "haproxy" || kind === "nginx" || kind === "lvs");

/** Whether balancers are the kernel's IPVS. */
export const isLvs = (cluster: Pick<Cluster, "traits" | "balancer">): boolean =>
  buildsBalancer(cluster) && cluster.balancer.kind === "lvs";

/** Whether balancers have a statistics page: haproxy's. */
export const hasStatisticsPage = (cluster: Pick<Cluster, "traits" | "balancer">): boolean =>
  buildsBalancer(cluster) && cluster.balancer.kind === "haproxy";

/** Where the statistics page is: over TLS it has a port of its own, because keepalived and nodes ask for health without. */
export const statisticsPagePort = ({ balancer: { statistics, statisticsPort } }: Pick<Cluster, "balancer">): number =>
  statistics.tls ? statistics.port : statisticsPort;

/** Whether the balancers announce the API's address to routers. */
export const isRouted = (cluster: Pick<Cluster, "traits" | "balancer">): boolean =>
  buildsBalancer(cluster) && cluster.balancer.address === "routed";

/** Whether one of the balancers holds the API's address by VRRP. */
export const isVirtual = (cluster: Pick<Cluster, "traits" | "balancer">): boolean =>
  buildsBalancer(cluster) && !isRouted(cluster);

/** Whether every node has a balancer of its own, at a loopback address, and no host has the role balancer. */
export const isNodeLocal = ({ traits, balancer }: Pick<Cluster, "traits" | "balancer">): boolean =>
  !traits.ownsEndpoint && balancer.kind === "node-local";

/** Where clients on a node find a balancer that is that node's own. */
export const LOOPBACK = "127.0.0.1";
