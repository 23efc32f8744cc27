import { familyOf, listOf } from "../../../config/addresses.ts";
import { apiNames } from "../../../config/api.ts";
import type { Logins } from "../../../config/logins.ts";
import { isMonitored } from "../../../config/monitoring.ts";
import { flannelPlace, hasFlannelInterfaces } from "../../../config/node-settings.ts";
import { packagesOf, storageOf } from "../../../config/packages.ts";
import { podNetworkOf } from "../../../config/pod-network.ts";
import { clusterOfHost } from "../../../config/preparation.ts";
import { joinsAsWorker } from "../../../config/roles.ts";
import type { Cluster, Role } from "../../../config/schema.ts";
import { isNode } from "../../cluster.ts";
import type { HostFile, Stage } from "../../stage.ts";
import { containerdFiles, runtimeSettings } from "./containerd/containerd.ts";
import { downloadFiles } from "./downloads/downloads.ts";
import { FIREWALL_UNIT, firewall } from "./firewall/firewall.ts";
import { openings, sshPort } from "./firewall/policy.ts";
import { watchedTables } from "./firewall/tables.ts";
import { metricsFiles } from "./metrics/metrics.ts";
import { journalText } from "./system/journal.ts";
import { hugePages, modules, sysctls } from "./system/kernel.ts";

export interface PrepareStageArgs {
  /** `pool` where it is a worker. */
  host: {
    name: string;
    address: string;
    /** With dual stack, that of the other family. Default: none. */
    secondAddress?: string;
    roles: readonly Role[];
    pool?: string;
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
 * What every host must hold before a part of the cluster runs on it: a prepared operating system, the artifacts of
 * its roles and, on nodes, the container runtime with the images loaded. It holds no list of hosts, so another host changes
 * nothing here.
 */
export function prepareStage(args: PrepareStageArgs): Stage {
  const { host, owner, apiAddress, versions, logins = {} } = args;
  const cluster = clusterOfHost(args.cluster, host.name);
  const { hostPreparation, network } = cluster;
  const roles = [...host.roles].sort();
  const node = isNode(roles);
  const files: HostFile[] = [
    { path: "/etc/systemd/system/ha-kubernetes-hosts.service", content: HOSTS_UNIT },
    { path: "/etc/ha-kubernetes/hosts", content: hostsLines({ host, cluster, apiAddress }) },
    ...downloadFiles({ cluster, apiAddress, proxyLogin: logins.proxy }),
  ];
  if (node) files.push(...containerdFiles({ cluster, pause: versions.pause, logins: logins.registries }));
  if (node && hasFlannelInterfaces(cluster)) {
    const name = cluster.hosts[host.name]?.flannelInterface ?? network.flannelInterface;
    files.push({ path: flannelPlace.file, content: name === undefined ? "" : `${name}\n` });
  }
  if (hostPreparation.firewall.enabled) {
    files.push(
      { path: "/etc/ha-kubernetes/firewall.nft", content: firewall(host.name, roles, cluster) },
      { path: "/etc/systemd/system/ha-kubernetes-firewall.service", content: FIREWALL_UNIT },
    );
  }
  if (node && podNetworkOf(cluster)?.link === "vxlan" && !network.flannel.checksumOffload) {
    files.push({ path: "/etc/udev/rules.d/70-ha-kubernetes-flannel.rules", content: noChecksumOffload(network.podCidr) });
  }
  if (hostPreparation.journalLimit) {
    files.push({ path: "/etc/systemd/journald.conf.d/ha-kubernetes.conf", content: journalText(hostPreparation) });
  }
  if (isMonitored(cluster)) files.push(...metricsFiles(roles, cluster, apiAddress));
  return {
    name: "prepare",
    host: host.name,
    owner,
    versions: node ? { containerd: versions.containerd, runc: versions.runc, "cni-plugins": versions.cniPlugins } : {},
    settings: {
      HOST_ADDRESS: host.address,
      ...(host.secondAddress !== undefined && { SECOND_ADDRESS: host.secondAddress }),
      API_NAME: cluster.api.domainName,
      ROLES: roles.join(" "),
      ...(node && runtimeSettings(cluster)),
      KUBE_PROXY_MODE: network.kubeProxyMode,
      ...podSettings(roles, cluster),
      SERVICE_CIDR: listOf(network.serviceCidr).join(" "),
      TABLES: watchedTables(roles, cluster).join(" "),
      CONTAINERD_VERSION: node ? versions.containerd : "",
      RUNC_VERSION: node ? versions.runc : "",
      CNI_PLUGINS_VERSION: node ? versions.cniPlugins : "",
      PREPARATIONS: preparations(cluster).join(" "),
      PACKAGES: packagesOf(roles, cluster).join(" "),
      MODULES: modules(roles, cluster).join(" "),
      NAME_SERVERS: network.nameServers.join(" "),
      ...(hostPreparation.firewall.enabled &&
        hostPreparation.firewall.policy === "drop" && { SSH_PORT: String(sshPort(cluster, host.name)) }),
      ...(hostPreparation.firewall.enabled && {
        NODE_CIDRS: [...cluster.nodeCidrs].sort().join(" "),
        POD_CIDR: listOf(network.podCidr).join(" "),
      }),
      TIME_ZONE: hostPreparation.timeZone ?? "",
      ...moreItems(cluster),
      ...poolTurns(joinsAsWorker(roles) ? host.pool : undefined, cluster),
    },
    files,
    inputs: {
      artifacts: args.artifactList,
      ...(hostPreparation.firewall.enabled && { openings: openings(roles, cluster) }),
      sysctl: sysctls(roles, cluster)
        .map(([path, value]) => `${path} ${value}\n`)
        .join(""),
    },
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
export function preparations({ addons, hostPreparation }: Cluster): string[] {
  const switches: Record<string, boolean> = {
    host_name: hostPreparation.hostName,
    packages: hostPreparation.packages,
    time_zone: hostPreparation.timeZone !== undefined,
    journal: hostPreparation.journalLimit,
    modules: hostPreparation.modules,
    sysctl: hostPreparation.sysctl,
    swap: hostPreparation.swap,
    firewall: hostPreparation.firewall.enabled,
    time_sync: hostPreparation.timeSync,
    services_off: hostPreparation.disabledServices.length > 0,
    huge_pages: hugePages({ hostPreparation }) !== "",
    clock_in_utc: hostPreparation.clockInUtc,
    metrics: isMonitored({ addons }),
  };
  return Object.keys(switches).filter((name) => switches[name]);
}

/** Settings of items that only some configs have. */
function moreItems(cluster: Cluster): Record<string, string> {
  const { packages, extraPackages, timeSync, timeService, timeServers, disabledServices } = cluster.hostPreparation;
  const settings = {
    EXTRA_PACKAGES: packages ? [...new Set(extraPackages)].sort().join(" ") : "",
    SERVICES_OFF: [...new Set(disabledServices.map((unit) => (unit.includes(".") ? unit : `${unit}.service`)))].join(" "),
    HUGE_PAGES: hugePages(cluster),
    TIME_SERVERS: timeSync ? timeServers.join(" ") : "",
    TIME_SERVICE: timeSync && timeService === "keep" ? "keep" : "",
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== ""));
}

/** What pods want of a host: the network, its policies, and clients of storage. Preflight and this stage try it there. */
export function podSettings(roles: readonly Role[], cluster: Cluster): Record<string, string> {
  if (!isNode(roles)) return { POD_LINK: "" };
  const { link, port } = podNetworkOf(cluster) ?? {};
  const storage = storageOf(cluster);
  return {
    ...(storage.length > 0 && { STORAGE: storage.join(" ") }),
    POD_LINK: link ?? "",
    ...(cluster.addons.networkPolicies && { POLICIES: "yes" }),
    // The scripts know the port of most clusters.
    ...(port !== undefined && port !== 8472 && { POD_PORT: String(port) }),
  };
}

// The mark lets the script find its lines again. While the address moves, the former one comes first: it is served all the time.
function hostsLines({ host, cluster, apiAddress }: Pick<PrepareStageArgs, "host" | "cluster" | "apiAddress">): string {
  const { former } = cluster.api;
  const addresses = [...(former?.address === undefined ? [] : [former.address]), apiAddress];
  const lines = apiNames(cluster).flatMap((name) => addresses.map((address) => `${address} ${name} # ha-kubernetes\n`));
  const api = apiAddress === "" ? "" : lines.join("");
  return `${api}${host.address} ${host.name} # ha-kubernetes\n${otherHosts(host.name, cluster)}`;
}

// A list of hosts in a file of every host: only where the config asks for it. Lost hosts are nowhere.
function otherHosts(name: string, { hostPreparation, hosts }: Cluster): string {
  if (hostPreparation.hostsFile === "api") return "";
  return Object.entries(hosts)
    .filter(([other, { address, lost }]) => other !== name && address !== undefined && !lost)
    .map(([other, { address }]) => `${address} ${other} # ha-kubernetes\n`)
    .sort()
    .join("");
}

// The command of flannel's documentation, troubleshooting.md. flannel makes the device again at each start of the host.
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
