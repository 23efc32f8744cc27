import { type Family, familyOf, inside, listOf, ofFamily, type Range, range } from "../../../../config/addresses.ts";
import { type Port, ports, statisticsReaders } from "../../../../config/ports.ts";
import { joinsAsWorker } from "../../../../config/roles.ts";
import type { Cluster, Role } from "../../../../config/schema.ts";
import { allowed, beforeTranslation, dropRest, fromRouters, nodePortRange, sshPort } from "./policy.ts";

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
  const families = ([4, 6] as const).filter((family) => ofFamily(nodeCidrs, family).length > 0);
  const fromPods = listOf(network.podCidr).map((cidr) => `${address(cidr)} saddr ${cidr}`);
  const rules = [
    "iif lo accept",
    "ct state established,related accept",
    ...families.flatMap((family) => {
      const lost = ofFamily(gone, family);
      return lost.length > 0 ? [`${addressWords[family]} saddr { ${list(lost)} } drop`] : [];
    }),
    "meta l4proto { icmp, ipv6-icmp } accept",
    ...families.map((family) => `${addressWords[family]} saddr { ${list(separate(ofFamily(nodeCidrs, family)))} } accept`),
    // In ipvs mode a Service's traffic comes through here with the Service's own port.
    ...listOf(network.serviceCidr).map((cidr) => `${address(cidr)} daddr ${cidr} accept`),
    ...rule(match("tcp", "nodes and pods"), "").flatMap((ports) => fromPods.map((pods) => `${pods} ${ports}accept`)),
    ...allowed([...hostPreparation.firewall.allow, ...statisticsReaders(roles, cluster)]),
    ...fromRouters(roles, cluster),
    ...rule(match("tcp"), "drop"),
    ...rule(match("udp"), "drop"),
    ...(roles.includes("balancer") ? ["meta l4proto vrrp drop"] : []),
    ...(drops ? dropRest(hostPreparation.firewall, [sshPort(cluster, name), ...open], fromPods, nodePortRange(cluster)) : []),
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
${chains}}
`;
}

/** nft's words for a family. */
const addressWords: Readonly<Record<Family, string>> = { 4: "ip", 6: "ip6" };
const address = (text: string) => addressWords[familyOf(text)];

/**
 * Ranges that nft takes as a set: none within another. The set has no name: nft 1.1.3 (Debian 13, RHEL 10) writes named ones in a form
 * that ends nft 1.0.6, so kube-proxy in mode nftables, whose image has that one, would set up nothing (kubernetes/kubernetes#136786).
 */
function separate(cidrs: readonly string[]): string[] {
  const ranges = [...new Set(cidrs)].sort().map(range);
  const within = (one: number, other: number) => inside(ranges[one] as Range, ranges[other] as Range);
  const stays = (one: number) =>
    !ranges.some((_, other) => other !== one && within(one, other) && (other < one || !within(other, one)));
  return ranges.filter((_, one) => stays(one)).map(({ text }) => text);
}

/** Where hosts were that are gone for good. Pools that the provider scales must not change for that. */
const lostAddresses = ({ hosts, traits }: Cluster): string[] =>
  traits.scalesPools
    ? []
    : Object.values(hosts)
        .flatMap(({ lost, address, secondAddress }) => (lost ? [address, secondAddress] : []))
        .filter((it) => it !== undefined)
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
