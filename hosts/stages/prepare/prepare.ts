import { familyOf, listOf } from "../../../config/addresses.ts";
import { apiNames } from "../../../config/api.ts";
import type { Logins } from "../../../config/logins.ts";
import { packagesOf } from "../../../config/packages.ts";
import { podNetworkOf } from "../../../config/pod-network.ts";
import { ports } from "../../../config/ports.ts";
import type { Cluster, Role } from "../../../config/schema.ts";
import { isNode } from "../../cluster.ts";
import { type HostFile, quote, type Stage } from "../../stage.ts";
import { containerdFiles } from "./containerd/containerd.ts";
import { downloadFiles, neededFiles } from "./downloads/downloads.ts";
import { FIREWALL_UNIT, firewall } from "./firewall/firewall.ts";
import { watchedTables } from "./firewall/tables.ts";
import { modules, sysctls } from "./system/kernel.ts";

export interface PrepareStageArgs {
  /** `pool` where it is a worker. */
  host: {
    name: string;
    address: string;
    /** With dual stack, that of the other family. Default: none. */
    secondAddress?: string;
    roles: readonly Role[];
    architecture: "amd64" | "arm64";
    pool?: string;
    dataDevice?: string;
  };
  owner: string;
  cluster: Cluster;
  /** Where everybody finds the API: the virtual IP, or the address of a balancer that is not ours. Empty where name servers know. */
  apiAddress: string;
  /** Which binaries and images the host takes, and from where: the text that hosts/lib/artifacts.sh reads. */
  artifactList: string;
  /** Versions, already resolved. */
  versions: { containerd: string; runc: string; cniPlugins: string; pause: string };
  /** Logins for registries, and `user:password` for the proxy. Default: none. */
  logins?: { registries?: Logins; proxy?: string };
}

/**
 * What every host must hold before a part of the cluster runs on it: a checked and prepared operating system, the artifacts of
 * its roles and, on nodes, the container runtime with the images loaded. It holds no list of hosts, so another host changes
 * nothing here.
 */
export function prepareStage(args: PrepareStageArgs): Stage {
  const { host, owner, cluster, apiAddress, versions, logins = {} } = args;
  const { hostPreparation, network } = cluster;
  const roles = [...host.roles].sort();
  const node = isNode(roles);
  const files: HostFile[] = [
    { path: "/etc/systemd/system/ha-kubernetes-hosts.service", content: HOSTS_UNIT },
    { path: "/etc/ha-kubernetes/hosts", content: hostsLines(args) },
    ...downloadFiles({ cluster, apiAddress, proxyLogin: logins.proxy }),
  ];
  if (node) files.push(...containerdFiles({ cluster, pause: versions.pause, logins: logins.registries }));
  const needed = neededFiles(cluster, node);
  if (hostPreparation.firewall) {
    files.push(
      { path: "/etc/ha-kubernetes/firewall.nft", content: firewall(roles, cluster) },
      { path: "/etc/systemd/system/ha-kubernetes-firewall.service", content: FIREWALL_UNIT },
    );
  }
  if (node && podNetworkOf(cluster)?.link === "vxlan" && !network.flannel.checksumOffload) {
    files.push({ path: "/etc/udev/rules.d/70-ha-kubernetes-flannel.rules", content: noChecksumOffload(network.podCidr) });
  }
  if (hostPreparation.journalLimit) {
    files.push({ path: "/etc/systemd/journald.conf.d/ha-kubernetes.conf", content: "[Journal]\nSystemMaxUse=1G\n" });
  }
  return {
    name: "prepare",
    host: host.name,
    owner,
    versions: node ? { containerd: versions.containerd, runc: versions.runc, "cni-plugins": versions.cniPlugins } : {},
    settings: {
      HOST_ADDRESS: host.address,
      ...(host.secondAddress !== undefined && { SECOND_ADDRESS: host.secondAddress }),
      API_ADDRESS: apiAddress,
      API_NAME: cluster.api.domainName,
      ...(cluster.api.former && {
        FORMER_API: [cluster.api.former.domainName, cluster.api.former.address].filter((it) => it !== undefined).join(" "),
      }),
      // Where to ask whose a balancer is that has the API's address.
      ...(roles.includes("balancer") && { STATISTICS_PORT: String(cluster.balancer.statisticsPort) }),
      ARCHITECTURE: host.architecture,
      ROLES: roles.join(" "),
      KUBE_PROXY_MODE: network.kubeProxyMode,
      TABLES: watchedTables(roles, cluster).join(" "),
      CONTAINERD_VERSION: node ? versions.containerd : "",
      RUNC_VERSION: node ? versions.runc : "",
      CNI_PLUGINS_VERSION: node ? versions.cniPlugins : "",
      PREPARATIONS: preparations(cluster).join(" "),
      PACKAGES: packagesOf(roles, cluster).join(" "),
      PORTS: ports(roles, cluster)
        .filter((port) => port.protocol === "tcp")
        .map((port) => `${port.number}:${port.program}`)
        .join(" "),
      MODULES: modules(roles, cluster).join(" "),
      NAME_SERVERS: network.nameServers.join(" "),
      TIME_ZONE: hostPreparation.timeZone ?? "",
      ...(needed.length > 0 && { NEEDED_FILES: needed.join(" ") }),
      ...placesOfEtcd(host, cluster),
      ...poolTurns(host.pool, cluster),
    },
    files,
    inputs: {
      artifacts: args.artifactList,
      surroundings: surroundings(roles, cluster),
      sysctl: sysctls(roles, cluster)
        .map(([path, value]) => `${path} ${value}\n`)
        .join(""),
    },
  };
}

/** Where etcd's stage puts data: looked at before anything is changed. */
function placesOfEtcd({ roles, dataDevice }: PrepareStageArgs["host"], { etcd }: Cluster): Record<string, string> {
  if (!roles.includes("etcd")) return {};
  return {
    ETCD_DATA_DIRECTORY: etcd.dataDirectory,
    ETCD_DATA_DEVICE: dataDevice ?? "",
    ETCD_BACKUP_DIRECTORY: etcd.backup.directory,
  };
}

/** What a worker's turns go by. */
function poolTurns(pool: string | undefined, cluster: Cluster): Record<string, string> {
  if (pool === undefined) return { POOL: "" };
  return {
    POOL: pool,
    MAX_UNAVAILABLE: String(cluster.pools[pool]?.maxUnavailable ?? 1),
    DRAIN_SECONDS: String(cluster.drain.timeoutSeconds),
  };
}

/** The items of host preparation that are on, as the script calls them. */
function preparations({ hostPreparation }: Cluster): string[] {
  const switches: Record<string, boolean> = {
    host_name: hostPreparation.hostName,
    packages: hostPreparation.packages,
    time_zone: hostPreparation.timeZone !== undefined,
    journal: hostPreparation.journalLimit,
    modules: hostPreparation.modules,
    sysctl: hostPreparation.sysctl,
    swap: hostPreparation.swap,
    firewall: hostPreparation.firewall,
    time_sync: hostPreparation.timeSync,
  };
  return Object.keys(switches).filter((name) => switches[name]);
}

/** What preflight compares with the host's network: shell variables. */
function surroundings(roles: readonly Role[], cluster: Cluster): string {
  const { link, port } = (isNode(roles) && podNetworkOf(cluster)) || {};
  const variables = {
    NODE_CIDRS: [...cluster.nodeCidrs].sort().join(" "),
    POD_CIDR: listOf(cluster.network.podCidr).join(" "),
    SERVICE_CIDR: listOf(cluster.network.serviceCidr).join(" "),
    POD_LINK: link ?? "",
    ...(isNode(roles) && cluster.addons.networkPolicies && { POLICIES: "yes" }),
    // The scripts know the port of most clusters.
    ...(port !== undefined && port !== 8472 && { POD_PORT: String(port) }),
  };
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${quote(value)}\n`)
    .join("");
}

// The mark lets the script find its lines again. While the address moves, the former one comes first: it is served all the time.
function hostsLines({ host, cluster, apiAddress }: PrepareStageArgs): string {
  const { former } = cluster.api;
  const addresses = [...(former?.address === undefined ? [] : [former.address]), apiAddress];
  const lines = apiNames(cluster).flatMap((name) => addresses.map((address) => `${address} ${name} # ha-kubernetes\n`));
  const api = apiAddress === "" ? "" : lines.join("");
  return `${api}${host.address} ${host.name} # ha-kubernetes\n`;
}

// The command of flannel's documentation, troubleshooting.md. flannel makes the device anew at each start of the host.
const noChecksumOffload = (podCidr: string) =>
  [...new Set(listOf(podCidr).map((cidr) => (familyOf(cidr) === 4 ? "flannel.1" : "flannel-v6.1")))]
    .map(
      (device) =>
        `SUBSYSTEM=="net", ACTION=="add|change|move", ENV{INTERFACE}=="${device}", RUN+="/usr/sbin/ethtool -K ${device} tx-checksum-ip-generic off"\n`,
    )
    .join("");

// Cloud images and containers write /etc/hosts again at each boot. cloud-init 24.3 gave its unit another name.
const HOSTS_UNIT = `[Unit]
Description=Names of the Kubernetes API and of this host in /etc/hosts
After=cloud-init.service cloud-init-network.service
StartLimitIntervalSec=0
Before=kubelet.service etcd.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c "while read -r line; do grep -qxF \\"$$line\\" /etc/hosts || echo \\"$$line\\" >>/etc/hosts; done </etc/ha-kubernetes/hosts"
Restart=on-failure
RestartSec=2

[Install]
WantedBy=multi-user.target
`;
