import { type Family, hostPort, listOf, ofFamily } from "../../../../config/addresses.ts";
import { apiPorts, isNodeLocal, LOOPBACK } from "../../../../config/api.ts";
import { isMonitored } from "../../../../config/monitoring.ts";
import { APISERVER_PORT, HAPROXY_METRICS_PORT, LEAVING_PORT } from "../../../../config/ports.ts";
import type { Cluster } from "../../../../config/schema.ts";
import type { HostFile } from "../../../stage.ts";

/** The cluster's CA, against which haproxy verifies the apiservers. */
export const AUTHORITY_FILE = "/etc/ha-kubernetes/kubernetes-ca.crt";
/** Written by the unit at each reload. */
const STATE_FILE = "/run/haproxy/servers";
/** Path of the statistics page on balancer.statisticsPort. */
const STATISTICS_PATH = "/statistics";
const OWNER_PATH = "/owner";
/** The certificate of the statistics page and its key, in one file as haproxy reads them. */
const PAGE_FILE = "/etc/ha-kubernetes/statistics.pem";

export interface HaproxyArgs {
  /** The owner mark, which haproxy tells every client that asks whose balancer this is. */
  owner: string;
  cluster: Pick<Cluster, "addons" | "api" | "balancer" | "network" | "nodeCidrs" | "traits">;
  /** Sorted by name. */
  controlPlanes: readonly { name: string; address: string }[];
  /** Letters, digits, hyphens and underscores. Not used where every node has its own balancer. */
  statisticsPassword: string;
  /** A person chose that password. Default: it is random. */
  chosenPassword?: boolean;
  /** Certificate and key of the statistics page, PEM; with `balancer.statistics.tls`. Secret. */
  pagePem?: string;
}

/** How many connections one address outside the cluster may have: a tenth of all. */
export const strangersLimit = (maximumConnections: number) => Math.ceil(maximumConnections / 10);

/** haproxy's configuration and its drop-in, and the authority that signs for apiservers, PEM. */
export const haproxyFiles = (args: HaproxyArgs, authorityPem: string): HostFile[] => [
  { path: AUTHORITY_FILE, content: authorityPem },
  ...(args.pagePem === undefined ? [] : [{ path: PAGE_FILE, content: args.pagePem, mode: "0600" }]),
  {
    path: "/etc/ha-kubernetes/haproxy.cfg",
    content: haproxyConfig(args),
    mode: "0600",
    ...(args.chosenPassword && { shown: haproxyConfig({ ...args, statisticsPassword: "chosen" }) }),
  },
  { path: "/etc/systemd/system/haproxy.service.d/ha-kubernetes.conf", content: HAPROXY_DROP_IN },
];

/** haproxy's configuration. Holds the password of the statistics page. */
function haproxyConfig({ owner, cluster, controlPlanes, statisticsPassword }: HaproxyArgs): string {
  const { api, balancer, network, nodeCidrs } = cluster;
  const local = isNodeLocal(cluster);
  // The value itself is never part of the message.
  if (!local && !/^[A-Za-z0-9_-]+$/.test(statisticsPassword))
    throw new Error("the statistics password may hold letters, digits, - and _ only");
  const interval = balancer.checkIntervalMilliseconds;
  const servers = (port: number, options: (name: string) => string) =>
    controlPlanes.map(({ name, address }) => `  server ${name} ${hostPort(address, port)} ${options(name)}`).join("\n");
  // `:port` is IPv4 alone. A socket for both would show IPv4 clients by addresses that no range of theirs holds.
  const has = (family: Family) => ofFamily(nodeCidrs, family).length > 0;
  const binds = apiPorts(cluster)
    .flatMap((port) => [
      ...(local || has(4) ? [`  bind ${local ? LOOPBACK : ""}:${port} tcp-ut 45s`] : []),
      ...(!local && has(6) ? [`  bind [::]:${port} v6only tcp-ut 45s`] : []),
    ])
    .join("\n");
  const strangers = `  # Whoever is not of the cluster can't take all connections with one address.
  acl own src ${[...nodeCidrs, ...listOf(network.podCidr), "127.0.0.0/8"].join(" ")}
  stick-table type ip size 100k expire 10m store conn_cur
  tcp-request connection track-sc0 src if !own
  tcp-request connection reject if { sc0_conn_cur gt ${strangersLimit(balancer.maximumConnections)} }
`;
  const { from, tls, user } = balancer.statistics;
  // The host's firewall may be off.
  const readers = `  http-request deny status 403 unless { src ${[...nodeCidrs, ...from, "127.0.0.0/8"].join(" ")} }\n`;
  const toPage = `  http-request redirect location ${STATISTICS_PATH} if { path / }\n`;
  const page = `  stats enable
  stats uri ${STATISTICS_PATH}
  stats hide-version
  stats show-legends
  stats refresh 10s
  stats auth ${user}:${statisticsPassword}
`;
  // Health questions come without TLS, so the page moves to a port of its own.
  const securePage = `
frontend page
  mode http
  bind :${balancer.statistics.port} ssl crt ${PAGE_FILE} ssl-min-ver TLSv1.2
${has(6) ? `  bind [::]:${balancer.statistics.port} v6only ssl crt ${PAGE_FILE} ssl-min-ver TLSv1.2\n` : ""}  timeout client 10s
  timeout http-request 5s
${readers}${toPage}${page}`;
  // What haproxy counts, for Prometheus. It may be a pod.
  const metrics = `
frontend metrics
  mode http
  bind :${HAPROXY_METRICS_PORT}
${has(6) ? `  bind [::]:${HAPROXY_METRICS_PORT} v6only\n` : ""}  timeout client 10s
  timeout http-request 5s
  http-request deny status 403 unless { src ${[...nodeCidrs, ...listOf(network.podCidr), "127.0.0.0/8"].join(" ")} }
  http-request use-service prometheus-exporter if { path /metrics }
  http-request deny status 404
`;
  const hasPage = !local && !tls;
  const soon = Math.ceil(interval / 2);
  const checked = `default-server check check-ssl verify required ca-file ${AUTHORITY_FILE} inter ${interval} fastinter ${soon} downinter ${soon} fall 2 rise 2 tcp-ut 45s on-marked-down shutdown-sessions`;
  const apiservers = servers(APISERVER_PORT, (name) => `check-sni ${name} verifyhost ${name}`);
  return `global
  log stdout format raw daemon notice
  user haproxy
  group haproxy
  chroot /var/lib/haproxy
  maxconn ${balancer.maximumConnections}
  # Where the limit of open files can't be raised this far (containers), fewer connections are better than none.
  no strict-limits
  # Through it a reload hands over the listening sockets: no connection is refused. The old process ends its connections in an hour.
  stats socket /run/haproxy/admin.sock mode 600 level admin expose-fd listeners
  hard-stop-after 1h
  # What a reload's new process knows of the servers from the old one, so that a dead one is not tried again.
  server-state-file ${STATE_FILE}

defaults
  load-server-state-from-file global
  log global
  timeout connect 1s
  timeout check 2s
  # Watches are silent for long; the apiserver ends them after at most an hour. Dead peers are found by TCP itself.
  timeout client 2h
  timeout server 2h
  timeout tunnel 2h
  timeout client-fin 30s
  option clitcpka
  option srvtcpka
  # A new connection that one apiserver does not take goes to another at once; in turns, because a dead one has the least connections.
  balance roundrobin
  retries 3
  option redispatch 1

frontend api
  mode tcp
${binds}
${local ? "" : strangers}  # While etcd stands still, no apiserver is ready. Those that live hold connections until it goes on.
  use_backend alive if { nbsrv(apiservers) lt 1 }
  default_backend apiservers

# Apart from the check of etcd that /livez has, too: it may take longer than a check may.
backend apiservers
  mode tcp
  option httpchk
  http-check send meth GET uri /readyz?exclude=etcd ver HTTP/1.1 hdr Host ${api.domainName}
  # An apiserver that ends in order, or that gets no answer of etcd, says so: no new connection goes there, and none is cut. One that
  # is sick or silent is down, and its connections end.
  http-check expect error-status L7OKC ! rstring "[[]-[]](shutdown|etcd-readiness) failed"
  http-check expect status 200
  ${checked}
${apiservers}

# The same apiservers, asked whatever etcd does. Used when none is ready.
backend alive
  mode tcp
  option httpchk
  http-check send meth GET uri /readyz?exclude=etcd&exclude=etcd-readiness ver HTTP/1.1 hdr Host ${api.domainName}
  http-check expect error-status L7OKC ! string "[-]shutdown failed"
  http-check expect status 200
  ${checked}
${apiservers}

# A control plane that leaves while etcd has no quorum answers here for itself.
backend leaving
  mode http
  no log
  timeout server 2s
  default-server check inter 2s fall 1 rise 1
${servers(LEAVING_PORT, () => "")}

frontend statistics
  mode http
  bind ${local ? LOOPBACK : ""}:${balancer.statisticsPort}
${!local && has(6) ? `  bind [::]:${balancer.statisticsPort} v6only\n` : ""}  timeout client 10s
  timeout http-request 5s
  # keepalived asks this. Without an apiserver that lives the virtual IP is only of use to ask who leaves.
  monitor-uri /health
  monitor fail if { nbsrv(apiservers) lt 1 } { nbsrv(alive) lt 1 } { nbsrv(leaving) lt 1 }
${hasPage && from.length > 0 ? readers : ""}  # A host that is to become a balancer asks whether the one that has the address is of its cluster.
  http-request return status 200 content-type text/plain string "${owner}" if { path ${OWNER_PATH} }
${hasPage ? toPage : "  http-request deny status 404 unless { path /leaving }\n"}  use_backend leaving if { path /leaving }
${hasPage ? page : ""}${!local && tls ? securePage : ""}${isMonitored(cluster) ? metrics : ""}`.replace(/ +$/gm, "");
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
