import { ofFamily } from "../../../../config/addresses.ts";
import { isRouted } from "../../../../config/api.ts";
import { type Port, ports, statisticsReaders } from "../../../../config/ports.ts";
import type { Firewall } from "../../../../config/schema/firewall.ts";
import type { Cluster, Role } from "../../../../config/schema.ts";

// What the firewall's policy adds to the port table, in nft's language.

/** The range of NodePorts: kube-apiserver's default. Clients' own ports begin above it (ip_local_port_range). */
const NODE_PORTS = "30000-32767";

/** The TCP port by which this program reaches a host. Where it is reached through a tunnel, sshd may listen on another one: `allow` names it. */
export const sshPort = ({ hosts, ssh }: Pick<Cluster, "hosts" | "ssh">, name: string): number => hosts[name]?.sshPort ?? ssh.port;

/** Rules that let in what `allow` names. */
export const allowed = (allow: Firewall["allow"]): string[] =>
  allow.flatMap(({ port, lastPort = port, protocol, from }) => {
    const [ipv4, ipv6] = ([4, 6] as const).map((family) => ofFamily([...from].sort(), family).join(", "));
    const sources = [...(ipv4 ? [`ip saddr { ${ipv4} } `] : []), ...(ipv6 ? [`ip6 saddr { ${ipv6} } `] : [])];
    const ports = `${protocol} dport ${lastPort === port ? port : `${port}-${lastPort}`} accept`;
    return (from.length === 0 ? [""] : sources).map((source) => `${source}${ports}`);
  });

/**
 * Rules that let routers reach FRR. OSPF's have no addresses here: a packet of BFD with TTL 255 was sent in a network of the host's own
 * (RFC 5881, section 5), and OSPF is a protocol of its own beside TCP and UDP.
 */
export function fromRouters(roles: readonly Role[], cluster: Cluster): string[] {
  const isOspf = roles.includes("balancer") && isRouted(cluster) && cluster.balancer.routed?.protocol === "ospf";
  const rules = ports(roles, cluster)
    .filter(({ source }) => source === "routers")
    .map(
      ({ protocol, number, from }) =>
        `${from ? `ip saddr { ${from.join(", ")} }` : "ip ttl 255"} ${protocol} dport ${number} accept`,
    );
  return [...(isOspf ? ["ip protocol ospf accept"] : []), ...rules];
}

/**
 * The last rules with policy drop. `open`: TCP ports that anyone may reach; `fromPods`: the condition that packets of pods meet. A connection that leads to another port by now was judged
 * by the port that it asked for.
 */
export const dropRest = ({ nodePorts }: Firewall, open: readonly number[], fromPods: readonly string[]): string[] => [
  "ct status dnat accept",
  ...fromPods.map((pods) => `${pods} accept`),
  // Answers to a client that asks by broadcast or multicast belong to no connection.
  "udp sport 67 udp dport 68 accept",
  "ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept",
  `tcp dport { ${[...new Set(open)].sort((a, b) => a - b).join(", ")} } accept`,
  ...(nodePorts === "anyone" ? [`meta l4proto { tcp, udp } th dport ${NODE_PORTS} accept`] : []),
  "drop",
];

/**
 * A chain that asks `input` before addresses are translated: a NodePort or a pod's hostPort leads elsewhere then, and would never come
 * through the chain for the host itself.
 */
export const beforeTranslation = `  chain prerouting {
    type filter hook prerouting priority dstnat - 10; policy accept;
    fib daddr type local jump guard
  }
`;

/**
 * What others than hosts and pods may reach, for a firewall that is not ours (lib-firewalls.sh): a line `protocol first last from` for
 * each port and source, with `any` for anyone.
 */
export function openings(roles: readonly Role[], cluster: Cluster): string {
  const sources = ({ source, from = ["any"] }: Port) => (source === "anyone" || source === "routers" ? from : []);
  const own = ports(roles, cluster).flatMap((port) =>
    sources(port).map((source) => `${port.protocol} ${port.number} ${port.number} ${source}\n`),
  );
  const allow = [...cluster.hostPreparation.firewall.allow, ...statisticsReaders(roles, cluster)];
  const more = allow.flatMap(({ port, lastPort = port, protocol, from }) =>
    (from.length === 0 ? ["any"] : [...from].sort()).map((source) => `${protocol} ${port} ${lastPort} ${source}\n`),
  );
  return [...new Set([...own, ...more])].join("");
}
