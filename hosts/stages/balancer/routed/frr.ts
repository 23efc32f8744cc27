import type { Cluster } from "../../../../config/schema.ts";
import type { HostFile } from "../../../stage.ts";
import { scriptFall } from "../vrrp/keepalived.ts";

export interface RoutedArgs {
  host: { name: string; address: string };
  cluster: Pick<Cluster, "balancer" | "nodeCidrs">;
  /** Every address at which the API is found now. */
  addresses: readonly string[];
  /** The one that speaks OSPF. */
  ownInterface?: string;
  /** For the routers' sessions; letters, digits, hyphens and underscores. Secret. Default: none. */
  password?: string;
}

/** FRR's configuration, and the service that has the address on this host while its proxy has an apiserver. */
export const routedFiles = (args: RoutedArgs): HostFile[] => [
  {
    path: "/etc/frr/frr.conf",
    content: frrConfig(args),
    mode: "0640",
    owner: "frr:frr",
    // A person chose the password.
    shown: frrConfig({ ...args, ...(args.password !== undefined && { password: "***" }) }),
  },
  { path: "/etc/frr/daemons", content: daemons(args.cluster.balancer), mode: "0640", owner: "frr:frr" },
  { path: "/etc/systemd/system/frr.service.d/ha-kubernetes.conf", content: FRR_DROP_IN },
  { path: "/etc/systemd/system/ha-kubernetes-address.service", content: addressUnit(args) },
];

function frrConfig(args: RoutedArgs): string {
  const { host, cluster } = args;
  const { routed } = cluster.balancer;
  if (routed === undefined) throw new Error("a routed address needs balancer.routed");
  return `frr defaults traditional
hostname ${host.name}
log syslog informational
service integrated-vtysh-config
!
${routed.protocol === "bgp" ? bgp(args, routed) : ospf(args, routed)}!
`;
}

type Routed = NonNullable<Cluster["balancer"]["routed"]>;

// The address is announced for as long as an interface of this host has it. `network` would look for it among all the kernel's routes, and
// find one that leads to the routers, too. Nothing is learned. A
// silent router, or a silent host, is given up after 9 s, by BFD after 0.9 s (its defaults, 3 packets in 300 ms each).
function bgp({ host, addresses, password }: RoutedArgs, { asn, peers, bfd }: Routed): string {
  const each = (line: (address: string, asn: number) => string[]) => peers.flatMap((peer) => line(peer.address, peer.asn));
  return [
    ...addresses.map((address, index) => `ip prefix-list ha-kubernetes-api seq ${5 * (index + 1)} permit ${address}/32`),
    "ip prefix-list ha-kubernetes-none seq 5 deny any",
    "!",
    "route-map ha-kubernetes-api permit 10",
    " match ip address prefix-list ha-kubernetes-api",
    "!",
    `router bgp ${asn}`,
    ` bgp router-id ${host.address}`,
    " no bgp ebgp-requires-policy",
    ...each((address, remote) => [
      ` neighbor ${address} remote-as ${remote}`,
      ` neighbor ${address} timers 3 9`,
      ` neighbor ${address} timers connect 5`,
      ...(password === undefined ? [] : [` neighbor ${address} password ${password}`]),
      ...(bfd ? [` neighbor ${address} bfd`] : []),
    ]),
    " address-family ipv4 unicast",
    "  redistribute connected route-map ha-kubernetes-api",
    ...each((address) => [
      `  neighbor ${address} prefix-list ha-kubernetes-none in`,
      `  neighbor ${address} prefix-list ha-kubernetes-api out`,
    ]),
    " exit-address-family",
    "",
  ].join("\n");
}

// An interface runs OSPF if its address is in one of these networks. The API's address is on the loopback interface, which has no neighbors.
// OSPF itself must know all routes of its area. The map keeps them from the host's table, where a default route would replace the host's.
function ospf({ host, cluster, addresses, ownInterface, password }: RoutedArgs, { area, bfd }: Routed): string {
  const networks = [...cluster.nodeCidrs].sort();
  return [
    `interface ${ownInterface}`,
    ...(password === undefined
      ? []
      : [" ip ospf authentication message-digest", ` ip ospf message-digest-key 1 md5 ${password}`]),
    ...(bfd ? [" ip ospf bfd"] : []),
    // Timers are OSPF's defaults, because neighbors with others don't meet. Never the router that others go through.
    " ip ospf priority 0",
    "!",
    "router ospf",
    ` ospf router-id ${host.address}`,
    ...networks.map((network) => ` network ${network} area ${area}`),
    ...addresses.map((address) => ` network ${address}/32 area ${area}`),
    " max-metric router-lsa administrative",
    "!",
    "route-map ha-kubernetes-none deny 10",
    "!",
    "ip protocol ospf route-map ha-kubernetes-none",
    "",
  ].join("\n");
}

// The package's own file. A daemon listens for its own shell on loopback alone.
function daemons({ routed }: Cluster["balancer"]): string {
  const on = (is: boolean | undefined) => (is ? "yes" : "no");
  return `bgpd=${on(routed?.protocol === "bgp")}
ospfd=${on(routed?.protocol === "ospf")}
bfdd=${on(routed?.bfd)}
vtysh_enable=yes
zebra_options="-A 127.0.0.1 -s 90000000"
bgpd_options="-A 127.0.0.1"
ospfd_options="-A 127.0.0.1"
bfdd_options="-A 127.0.0.1"
staticd_options="-A 127.0.0.1"
`;
}

// vtysh, which reads the configuration in, would leave a list of its commands in root's home folder.
const FRR_DROP_IN = `[Unit]
StartLimitIntervalSec=0

[Service]
Environment=HOME=/run/frr
Restart=always
OOMScoreAdjust=-900
`;

/** What takes the address to this host and away again: api-address.sh, which travels with the scripts. */
const addressUnit = ({ cluster: { balancer }, addresses }: RoutedArgs) => `[Unit]
Description=Address of the Kubernetes API, while this balancer has an apiserver
After=network.target
StartLimitIntervalSec=0

[Service]
ExecStart=/usr/local/lib/ha-kubernetes/api-address.sh ${balancer.statisticsPort} ${scriptFall(balancer.checkIntervalMilliseconds)} ${addresses.join(" ")}
ExecStopPost=-/bin/sh -c 'for address in ${addresses.join(" ")}; do ip address del "$$address/32" dev lo; done'
Restart=always
RestartSec=200ms
OOMScoreAdjust=-900

[Install]
WantedBy=multi-user.target
`;
