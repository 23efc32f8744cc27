import { isRouted } from "../../../../config/api.ts";
import { HOST_METRICS_PORT } from "../../../../config/ports.ts";
import type { Cluster, Role } from "../../../../config/schema.ts";
import type { HostFile } from "../../../stage.ts";

/**
 * What answers Prometheus on every host, whichever its roles: metrics.sh for each connection, which travels with the scripts. It tells
 * what nothing else there tells: how long certificates last, how old the newest snapshot is, who holds the API's address. `apiAddress`:
 * the address that one balancer holds.
 */
export function metricsFiles(roles: readonly Role[], cluster: Cluster, apiAddress: string): HostFile[] {
  const { former } = cluster.api;
  const holds = roles.includes("balancer") && !isRouted(cluster);
  const addresses = holds ? [apiAddress, former?.address].filter((it) => it !== undefined && it !== "") : [];
  return [
    { path: "/etc/systemd/system/ha-kubernetes-metrics.socket", content: SOCKET },
    { path: "/etc/systemd/system/ha-kubernetes-metrics@.service", content: service(addresses.join(" ")) },
  ];
}

const SOCKET = `[Unit]
Description=Metrics of this Kubernetes host
StartLimitIntervalSec=0

[Socket]
ListenStream=${HOST_METRICS_PORT}
Accept=yes
MaxConnections=8
TriggerLimitIntervalSec=0

[Install]
WantedBy=sockets.target
`;

// As root, because kubeconfigs hold keys beside the certificates that are looked at; and then with the right to read and with no other.
const service = (addresses: string) =>
  `[Unit]
Description=An answer with metrics of this Kubernetes host
CollectMode=inactive-or-failed

[Service]
ExecStart=/usr/local/lib/ha-kubernetes/metrics.sh ${addresses}
StandardInput=socket
StandardOutput=socket
StandardError=null
RuntimeMaxSec=20
Nice=10
CapabilityBoundingSet=CAP_DAC_READ_SEARCH
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
RestrictAddressFamilies=AF_UNIX AF_NETLINK
`.replace("metrics.sh \n", "metrics.sh\n");
