import type { Cluster } from "../../../config/schema.ts";
import type { Stage } from "../../stage.ts";
import { AUTHORITY_FILE, haproxyConfig, STATE_FILE } from "./haproxy.ts";
import { keepalivedConfig } from "./keepalived.ts";

export interface BalancerStageArgs {
  host: { name: string; address: string };
  owner: string;
  cluster: Pick<Cluster, "api" | "balancer" | "network" | "nodeCidrs">;
  /** The address that one of the balancers holds. */
  virtualIp: string;
  /** The one of the other family, with dual stack. Default: none. */
  secondVirtualIp?: string;
  /** All control planes, in any order. */
  controlPlanes: readonly { name: string; address: string }[];
  /** All balancers, in any order; this one's own may be among them. */
  balancerAddresses: readonly string[];
  /** The cluster's CA, PEM; during a rotation the old and the new one. */
  authorityPem: string;
  /** Password of the statistics page's user admin: letters, digits, - and _. Secret. */
  statisticsPassword: string;
}

/** What a balancer must hold: haproxy in front of the apiservers, and keepalived for the address they are found at. */
export function balancerStage(args: BalancerStageArgs): Stage {
  const { host, owner, cluster, virtualIp, secondVirtualIp, statisticsPassword } = args;
  const controlPlanes = [...args.controlPlanes].sort((a, b) => (a.name < b.name ? -1 : 1));
  const { former } = cluster.api;
  const peers = [...new Set(args.balancerAddresses)].filter((address) => address !== host.address).sort();
  return {
    name: "balancer",
    host: host.name,
    owner,
    settings: {
      HOST_ADDRESS: host.address,
      API_PORT: String(cluster.api.port),
      // While the API moves.
      ...(former?.port !== undefined && { FORMER_PORT: String(former.port) }),
      ...(former?.address !== undefined && { ADDRESSES: `${virtualIp} ${former.address}` }),
      STATISTICS_PORT: String(cluster.balancer.statisticsPort),
      INTERFACE: cluster.balancer.interface ?? "",
      PEERS: peers.join(" "),
    },
    files: [
      { path: AUTHORITY_FILE, content: args.authorityPem },
      {
        path: "/etc/ha-kubernetes/haproxy.cfg",
        content: haproxyConfig({ owner, cluster, controlPlanes, statisticsPassword }),
        mode: "0600",
      },
      {
        path: "/etc/ha-kubernetes/keepalived.conf",
        content: keepalivedConfig({ host, cluster, virtualIp, secondVirtualIp, peers }),
      },
      { path: "/etc/systemd/system/haproxy.service.d/ha-kubernetes.conf", content: HAPROXY_DROP_IN },
      { path: "/etc/systemd/system/keepalived.service.d/ha-kubernetes.conf", content: keepalivedDropIn(host.address) },
    ],
  };
}

// The distribution's own configuration files are left alone. Nothing in here depends on the config: a change of this file is a
// restart, a change of haproxy's own only a reload. 1048576 open files, two for each connection, are the kernel's own limit.
const HAPROXY_DROP_IN = `[Unit]
StartLimitIntervalSec=0

[Service]
ExecStartPre=-/bin/rm -f ${STATE_FILE}
ExecStart=
ExecStart=/usr/sbin/haproxy -Ws -f /etc/ha-kubernetes/haproxy.cfg -p /run/haproxy.pid -S /run/haproxy-master.sock
ExecReload=
ExecReload=/usr/sbin/haproxy -c -q -f /etc/ha-kubernetes/haproxy.cfg
ExecReload=-/bin/sh -c 'echo "show servers state" | socat -T 2 - /run/haproxy/admin.sock >${STATE_FILE}'
ExecReload=/bin/kill -USR2 $MAINPID
Restart=always
RestartSec=200ms
LimitNOFILE=1048576
OOMScoreAdjust=-900
`;

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
