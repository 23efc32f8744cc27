import { type Family, hostPort, listOf, ofFamily, urlHost } from "../../../../config/addresses.ts";
import { apiPorts } from "../../../../config/api.ts";
import { APISERVER_PORT, LEAVING_PORT } from "../../../../config/ports.ts";
import type { Cluster } from "../../../../config/schema.ts";
import type { HostFile } from "../../../stage.ts";
import { AUTHORITY_FILE, strangersLimit } from "../haproxy/haproxy.ts";

export interface NginxArgs {
  /** The owner mark, which nginx tells every client that asks whose balancer this is. */
  owner: string;
  cluster: Pick<Cluster, "api" | "balancer" | "network" | "nodeCidrs">;
  /** Sorted by name. */
  controlPlanes: readonly { name: string; address: string }[];
}

/** Where the service that asks the apiservers leaves nginx's list of them, and the file `ready`. Gone with a boot. */
const FOLDER = "/run/ha-kubernetes-nginx";

/**
 * nginx's configuration and drop-in, the authority that signs for apiservers (PEM), and the service that asks them: nginx of Debian and
 * Ubuntu has no checks of its own.
 */
export const nginxFiles = (args: NginxArgs, authorityPem: string): HostFile[] => [
  { path: AUTHORITY_FILE, content: authorityPem },
  { path: "/etc/ha-kubernetes/nginx.conf", content: nginxConfig(args) },
  { path: "/etc/systemd/system/nginx.service.d/ha-kubernetes.conf", content: NGINX_DROP_IN },
  { path: "/etc/systemd/system/ha-kubernetes-upstreams.service", content: upstreamsUnit(args) },
];

/** Open files of a worker process: the highest limit that a kernel takes without a setting of its own (fs.nr_open). */
const OPEN_FILES = 1048576;

function nginxConfig({ owner, cluster, controlPlanes }: NginxArgs): string {
  const { balancer, network, nodeCidrs } = cluster;
  const own = [...nodeCidrs, ...listOf(network.podCidr), "127.0.0.0/8"].map((range) => `    ${range} "";`).join("\n");
  // A socket for both would show IPv4 clients by addresses that no range of theirs holds, so each family has its own.
  const has = (family: Family) => ofFamily(nodeCidrs, family).length > 0;
  const listens = (port: number, options = "") =>
    [...(has(4) ? [`listen ${port}${options};`] : []), ...(has(6) ? [`listen [::]:${port} ipv6only=on${options};`] : [])]
      .map((line) => `    ${line}`)
      .join("\n");
  // keepalived asks at 127.0.0.1, whatever family the nodes have.
  const statisticsListens = [
    `    listen ${balancer.statisticsPort};`,
    ...(has(6) ? [`    listen [::]:${balancer.statisticsPort} ipv6only=on;`] : []),
  ].join("\n");
  return `load_module /usr/lib/nginx/modules/ngx_stream_module.so;
user www-data;
worker_processes auto;
pid /run/nginx.pid;
error_log stderr notice;
# After a reload, the old workers keep their connections for an hour.
worker_shutdown_timeout 1h;
worker_rlimit_nofile ${OPEN_FILES};
events {
  # Two for each client.
  worker_connections ${Math.min(2 * balancer.maximumConnections, OPEN_FILES - 1024)};
}

stream {
  upstream apiservers {
    include ${FOLDER}/upstreams.conf;
  }
  # A client outside the cluster can't take all connections with one address.
  geo $own {
    default stranger;
${own}
  }
  map $own $stranger {
    default "";
    stranger $binary_remote_addr;
  }
  limit_conn_zone $stranger zone=strangers:10m;
  limit_conn strangers ${strangersLimit(balancer.maximumConnections)};
  server {
${apiPorts(cluster)
  .map((port) => listens(port, " so_keepalive=on"))
  .join("\n")}
    proxy_pass apiservers;
    # A new connection that one apiserver does not take goes to another at once.
    proxy_connect_timeout 1s;
    proxy_next_upstream on;
    proxy_next_upstream_tries 3;
    # A connection without a byte for this long ends; watches get bookmarks every minute.
    proxy_timeout 10m;
    proxy_socket_keepalive on;
  }
}

http {
  access_log off;
  default_type text/plain;
  # A control plane that leaves while etcd has no quorum answers here for itself.
  upstream leaving {
${controlPlanes.map(({ address }) => `    server ${hostPort(address, LEAVING_PORT)};`).join("\n")}
  }
  server {
${statisticsListens}
    # Without an apiserver that lives the address is only of use to ask who leaves.
    location = /health {
      root ${FOLDER};
      try_files /ready =503;
    }
    # A host that is to become a balancer asks whether the one that has the address is of its cluster.
    location = /owner {
      return 200 "${owner}";
    }
    location = /leaving {
      proxy_pass http://leaving;
      proxy_connect_timeout 2s;
      proxy_read_timeout 2s;
    }
    location / {
      return 404;
    }
  }
}
`;
}

// Nothing in here depends on the config: a change of this file is a restart, a change of nginx's own only a reload. Before the first
// look at the apiservers there is no list, and nginx starts with none that could be used.
const NGINX_DROP_IN = `[Unit]
StartLimitIntervalSec=0

[Service]
Type=exec
PIDFile=
ExecStartPre=
ExecStartPre=/bin/sh -c 'mkdir -p ${FOLDER}; test -s ${FOLDER}/upstreams.conf || echo "server 127.0.0.1:1 down;" >${FOLDER}/upstreams.conf'
ExecStartPre=/usr/sbin/nginx -q -t -c /etc/ha-kubernetes/nginx.conf
ExecStart=
ExecStart=/usr/sbin/nginx -c /etc/ha-kubernetes/nginx.conf -g "daemon off;"
ExecReload=
ExecReload=/usr/sbin/nginx -q -t -c /etc/ha-kubernetes/nginx.conf
ExecReload=/bin/kill -HUP $MAINPID
ExecStop=
Restart=always
RestartSec=200ms
LimitNOFILE=${OPEN_FILES}
OOMScoreAdjust=-900
`;

/** What asks the apiservers and tells nginx: nginx-upstreams.sh, which travels with the scripts. */
const upstreamsUnit = ({ cluster, controlPlanes }: NginxArgs) => `[Unit]
Description=Apiservers that nginx, the balancer of Kubernetes, leads to
After=nginx.service
StartLimitIntervalSec=0

[Service]
ExecStart=/usr/local/lib/ha-kubernetes/nginx-upstreams.sh ${FOLDER} ${AUTHORITY_FILE} ${cluster.balancer.checkIntervalMilliseconds} ${APISERVER_PORT} ${LEAVING_PORT} ${controlPlanes.map(({ name, address }) => `${name}=${urlHost(address)}`).join(" ")}
ExecStopPost=-/bin/rm -f ${FOLDER}/ready
Restart=always
RestartSec=200ms
OOMScoreAdjust=-900

[Install]
WantedBy=multi-user.target
`;
