import { bitsOf, familyOf, lastByte } from "../../../../config/addresses.ts";
import { routerId } from "../../../../config/api.ts";
import type { Cluster } from "../../../../config/schema.ts";
import type { HostFile } from "../../../stage.ts";

export interface KeepalivedArgs {
  host: { name: string; address: string };
  cluster: Pick<Cluster, "api" | "balancer">;
  virtualIp: string;
  /** The address of the other family, which is held with that one. Default: none. */
  secondVirtualIp?: string;
  /** The other balancers' addresses, sorted. */
  peers: readonly string[];
  /** The virtual IP has an interface by config, which may be another one than that of VRRP and of the host's address. Default: false. */
  ownInterface?: boolean;
}

/** keepalived's configuration, what it asks the proxy with, and its drop-in. */
export const keepalivedFiles = (args: KeepalivedArgs): HostFile[] => [
  { path: "/etc/ha-kubernetes/keepalived.conf", content: keepalivedConfig(args) },
  { path: HEALTH_SCRIPT, mode: "0755", content: healthScript(args.cluster.balancer.statisticsPort) },
  { path: "/etc/systemd/system/keepalived.service.d/ha-kubernetes.conf", content: keepalivedDropIn(args.host.address) },
];

/**
 * keepalived's configuration. The interfaces are the host's own affair: the script writes `$INTERFACE` into the included file, and
 * `$VIRTUAL_INTERFACE` where the config names one; `$TRACKED_INTERFACE` is that one where it is another. keepalived binds its sockets to the
 * first, so that must be the one with the host's address.
 * VRRP version 3, because version 2 knows whole seconds only; it has no passwords, so the firewall lets in nobody but nodes.
 */
function keepalivedConfig(args: KeepalivedArgs): string {
  const { host, cluster, virtualIp, secondVirtualIp, peers, ownInterface = false } = args;
  const { balancer } = cluster;
  const device = ownInterface ? " dev $VIRTUAL_INTERFACE" : "";
  const unicast =
    peers.length > 0
      ? `  unicast_src_ip ${host.address}
  check_unicast_src
  unicast_peer {
${peers.map((peer) => `    ${peer}`).join("\n")}
    include ${FORMER_FILE}
  }
`
      : "";
  const instance = (name: string, address: string, id: number, second?: string) => `vrrp_instance ${name} {
  state BACKUP
  nopreempt
  interface $INTERFACE
  virtual_router_id ${id}
  priority ${priority(host.address)}
  advert_int ${balancer.advertisementIntervalMilliseconds / 1000}
${unicast}  garp_master_refresh 10
  track_script {
    haproxy
  }
  virtual_ipaddress {
    ${alone(address)}${device}
  }
${second === undefined ? "" : `  virtual_ipaddress_excluded {\n    ${alone(second)}${device}\n  }\n`}${ownInterface ? "  track_interface {\n    $TRACKED_INTERFACE\n  }\n" : ""}}
`;
  // While the address moves, each of the two is held by itself: balancers that know one of them only hear no other addresses than theirs.
  const { former } = cluster.api;
  const instances = [
    instance("api", virtualIp, routerId(virtualIp, balancer.virtualRouterId), secondVirtualIp),
    ...(former?.address === undefined
      ? []
      : [instance("former", former.address, routerId(former.address, former.virtualRouterId))]),
  ];
  return `include ${HOST_FILE}

global_defs {
  router_id ${host.name}
  vrrp_version 3
  enable_script_security
  script_user nobody
  # Raises its own scheduling priority when it finds that it comes too late to say that it is alive.
  max_auto_priority 50
}

# Only the haproxy of this host is asked, never an apiserver: a slow one must not make the address wander.
vrrp_script haproxy {
  script "${HEALTH_SCRIPT}"
  interval 1
  timeout 2
  fall ${scriptFall(balancer.checkIntervalMilliseconds)}
  rise 1
  init_fail
}

${instances.join("\n")}`;
}

const HEALTH_SCRIPT = "/usr/local/lib/ha-kubernetes/balancer-health.sh";
// It runs each second for years, and must end in time on a host that is short of processors: curl takes three to five times as long.
const healthScript = (port: number) => `#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/${port} && printf 'GET /health HTTP/1.0\\r\\n\\r\\n' >&3 && read -rt 1 line <&3 && [[ $line == HTTP/1.?' 200'* ]]
`;

/** Defines the interface; written by the script. */
const HOST_FILE = "/etc/ha-kubernetes/keepalived-host.conf";
/** Balancers that the config no longer names and that still run; written by the script. */
const FORMER_FILE = "/etc/ha-kubernetes/keepalived-former.conf";

/**
 * VRRP priority, 1 to 254, from the address' last byte alone, so that another balancer changes nobody's. Equal ones are settled
 * by the higher address, as VRRP does.
 */
export function priority(address: string): number {
  return Math.min(254, Math.max(1, lastByte(address)));
}

/**
 * Failed questions in a row, one a second, until the address is given up: longer than haproxy takes to find an apiserver dead and
 * another alive, and longer than systemd takes to start haproxy again.
 */
export function scriptFall(checkIntervalMilliseconds: number): number {
  return 1 + Math.ceil((2 * checkIntervalMilliseconds) / 1000);
}

/** As a range of itself. */
const alone = (address: string) => `${address}/${bitsOf[familyOf(address)]}`;

// keepalived 2.2 that starts before its host has its address stays in state FAULT for good, so it waits: an address that comes late at a
// boot would cost the cluster one balancer after the other. systemd tries again after its 90 s.
const keepalivedDropIn = (address: string) => `[Unit]
ConditionFileNotEmpty=
After=haproxy.service
StartLimitIntervalSec=0

[Service]
ExecStartPre=/bin/sh -c 'until ip -o address show to ${address} | grep -q .; do sleep 0.2; done'
ExecStart=
ExecStart=/usr/sbin/keepalived --dont-fork --use-file=/etc/ha-kubernetes/keepalived.conf
NotifyAccess=all
Restart=always
RestartSec=200ms
OOMScoreAdjust=-900
`;
