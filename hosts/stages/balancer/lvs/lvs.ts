import { hostPort } from "../../../../config/addresses.ts";
import { apiPorts } from "../../../../config/api.ts";
import { APISERVER_PORT, LEAVING_PORT } from "../../../../config/ports.ts";
import type { Cluster } from "../../../../config/schema.ts";
import type { HostFile } from "../../../stage.ts";
import { AUTHORITY_FILE } from "../haproxy/haproxy.ts";

export interface LvsArgs {
  /** The owner mark, which this balancer tells every client that asks whose it is. */
  owner: string;
  cluster: Pick<Cluster, "api" | "balancer">;
  /** Every address at which the API is found now. */
  addresses: readonly string[];
  /** Sorted by name. */
  controlPlanes: readonly { name: string; address: string }[];
}

/** Where the service that asks the apiservers leaves what it knows. Gone with a boot. Scripts have the path, too. */
const FOLDER = "/run/ha-kubernetes-lvs";
const SCRIPTS = "/usr/local/lib/ha-kubernetes";

/**
 * The service that leads IPVS to the apiservers, the one that answers for this balancer, and the authority that signs for apiservers, PEM.
 * IPVS is in the kernel: stage prepare loads and sets it.
 */
export const lvsFiles = (args: LvsArgs, authorityPem: string): HostFile[] => [
  { path: AUTHORITY_FILE, content: authorityPem },
  { path: "/etc/systemd/system/ha-kubernetes-lvs.service", content: directorUnit(args) },
  { path: "/etc/systemd/system/ha-kubernetes-lvs-answers.service", content: answersUnit(args) },
];

/** lvs-director.sh, which travels with the scripts. Nothing ends when it does: IPVS goes on as it is. */
function directorUnit({ cluster, addresses, controlPlanes }: LvsArgs): string {
  const services = addresses.flatMap((address) => apiPorts(cluster).map((port) => hostPort(address, port))).join(",");
  const backends = controlPlanes.map(({ name, address }) => `${name}=${address}`).join(" ");
  return `[Unit]
Description=Apiservers that IPVS, the balancer of Kubernetes, leads to
After=network.target systemd-modules-load.service systemd-sysctl.service nftables.service
StartLimitIntervalSec=0

[Service]
ExecStart=${SCRIPTS}/lvs-director.sh ${FOLDER} ${AUTHORITY_FILE} ${cluster.balancer.checkIntervalMilliseconds} ${APISERVER_PORT} ${LEAVING_PORT} ${services} ${backends}
ExecStopPost=-/bin/rm -f ${FOLDER}/ready
Restart=always
RestartSec=200ms
OOMScoreAdjust=-900

[Install]
WantedBy=multi-user.target
`;
}

/** lvs-answers.sh for each connection to the port where haproxy has its statistics. */
const answersUnit = ({ owner, cluster, controlPlanes }: LvsArgs) => `[Unit]
Description=Health answer of this balancer of Kubernetes
After=network.target
StartLimitIntervalSec=0

[Service]
Environment=FOLDER=${FOLDER} OWNER=${owner} LEAVING_PORT=${LEAVING_PORT}
Environment="CONTROL_PLANES=${controlPlanes.map(({ address }) => address).join(" ")}"
ExecStart=/usr/bin/socat TCP4-LISTEN:${cluster.balancer.statisticsPort},fork,reuseaddr,max-children=64 EXEC:${SCRIPTS}/lvs-answers.sh
Restart=always
RestartSec=200ms
OOMScoreAdjust=-900

[Install]
WantedBy=multi-user.target
`;
