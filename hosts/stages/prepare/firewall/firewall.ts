import { type Port, ports } from "../../../../config/ports.ts";
import { joinsAsWorker } from "../../../../config/roles.ts";
import type { Cluster, Role } from "../../../../config/schema.ts";
import { allowed, beforeTranslation, dropRest, sshPort } from "./policy.ts";

/**
 * The host's nftables table, in nft's language. It closes the ports of the port table to everyone but their sources and touches
 * nothing else: SSH, other programs' ports, forwarded traffic and other tables stay as they are. With policy drop it closes all else
 * that is for this host, too. Loading it replaces the table in one step.
 */
export function firewall(name: string, roles: readonly Role[], cluster: Cluster): string {
  const { nodeCidrs, network, hostPreparation } = cluster;
  const drops = hostPreparation.firewall.policy === "drop";
  // A lost host may come back with all its data and credentials. Its answers come through, because others still probe it. Workers
  // offer nothing that would be worth a change there.
  const gone = joinsAsWorker(roles) ? [] : lostAddresses(cluster);
  const table = ports(roles, cluster);
  const guarded = table.filter(({ source }) => source !== "anyone" && source !== "itself");
  const open = table.filter((port) => port.source === "anyone").map((port) => port.number);
  const list = (items: readonly (string | number)[]) => items.join(", ");
  const match = (protocol: Port["protocol"], only?: Port["source"]) => {
    const numbers = guarded
      .filter((port) => port.protocol === protocol && (!only || port.source === only))
      .map((port) => port.number);
    return numbers.length > 0 ? `${protocol} dport { ${list(numbers)} }` : undefined;
  };
  const rule = (condition: string | undefined, verdict: string) => (condition ? [`${condition} ${verdict}`] : []);
  const fromPods = `ip saddr ${network.podCidr}`;
  const rules = [
    "iif lo accept",
    "ct state established,related accept",
    ...(gone.length > 0 ? [`ip saddr { ${list(gone)} } drop`] : []),
    "meta l4proto { icmp, ipv6-icmp } accept",
    "ip saddr @nodes accept",
    // In ipvs mode a Service's traffic comes through here with the Service's own port.
    `ip daddr ${network.serviceCidr} accept`,
    ...rule(match("tcp", "nodes and pods"), "").map((ports) => `${fromPods} ${ports}accept`),
    ...allowed(hostPreparation.firewall),
    ...rule(match("tcp"), "drop"),
    ...rule(match("udp"), "drop"),
    ...(roles.includes("balancer") ? ["meta l4proto vrrp drop"] : []),
    ...(drops ? dropRest(hostPreparation.firewall, [sshPort(cluster, name), ...open], network.podCidr) : []),
  ];
  const lines = rules.map((text) => `    ${text}`).join("\n");
  const hook = "type filter hook input priority filter; policy accept;";
  // Both hooks ask the same rules.
  const chains = drops
    ? `  chain guard {\n${lines}\n  }\n${beforeTranslation}  chain input {\n    ${hook}\n    jump guard\n  }\n`
    : `  chain input {\n    ${hook}\n${lines}\n  }\n`;
  return `#!/usr/sbin/nft -f
table inet ha_kubernetes
delete table inet ha_kubernetes
table inet ha_kubernetes {
  set nodes {
    type ipv4_addr
    flags interval
    auto-merge
    elements = { ${list([...nodeCidrs].sort())} }
  }
${chains}}
`;
}

/** Where hosts were that are gone for good. Pools that the provider scales must not change for that. */
const lostAddresses = ({ hosts, traits }: Cluster): string[] =>
  traits.scalesPools
    ? []
    : Object.values(hosts)
        .flatMap(({ lost, address }) => (lost && address !== undefined ? [address] : []))
        .sort();

/** Loads the table at boot, before the network, and again when the distribution's own ruleset is loaded, which empties all tables. */
export const FIREWALL_UNIT = `[Unit]
Description=Port table of this Kubernetes host
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target shutdown.target
After=nftables.service systemd-modules-load.service
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service
Conflicts=shutdown.target
StartLimitIntervalSec=0

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f /etc/ha-kubernetes/firewall.nft
ExecReload=/usr/sbin/nft -f /etc/ha-kubernetes/firewall.nft
ExecStop=-/usr/sbin/nft delete table inet ha_kubernetes
Restart=on-failure
RestartSec=2

[Install]
WantedBy=sysinit.target
`;
