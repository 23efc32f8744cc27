import { listOf } from "../../../config/addresses.ts";
import { buildsBalancer, isNodeLocal } from "../../../config/api.ts";
import { commandsOf } from "../../../config/packages.ts";
import { podNetworkOf } from "../../../config/pod-network.ts";
import { ports } from "../../../config/ports.ts";
import { clusterOfHost } from "../../../config/preparation.ts";
import type { Cluster, Role } from "../../../config/schema.ts";
import { isNode } from "../../cluster.ts";
import type { Stage } from "../../stage.ts";
import { neededFiles } from "../prepare/downloads/downloads.ts";
import { podSettings, preparations } from "../prepare/prepare.ts";

export interface PreflightStageArgs {
  host: {
    name: string;
    address: string;
    /** With dual stack, that of the other family. Default: none. */
    secondAddress?: string;
    roles: readonly Role[];
    architecture: "amd64" | "arm64";
    dataDevice?: string;
  };
  owner: string;
  cluster: Cluster;
  /** Where everybody finds the API; empty where name servers know. */
  apiAddress: string;
  /** What the host takes, as `sourcesIn` reads it from its list of artifacts. Looked at before its first run alone. */
  sources: readonly string[];
}

/** Items of the preparation that preflight goes by: what it would find is another thing with them. */
const judged = ["packages", "swap", "firewall", "time_sync"];

/**
 * Whether a host can be part of the cluster. It changes nothing on the host, and its text has nothing that does not matter to its
 * answer: an edit of something else runs nothing, also where a host is down.
 */
export function preflightStage({ host, owner, apiAddress, sources, ...args }: PreflightStageArgs): Stage {
  const cluster = clusterOfHost(args.cluster, host.name);
  const { etcd, network } = cluster;
  const roles = [...host.roles].sort();
  const isMember = roles.includes("etcd");
  const needed = neededFiles(cluster, isNode(roles));
  const balancer = balancerCommands(roles, cluster);
  const accepted = acceptedBy(cluster, host.name);
  const udp = ports(roles, cluster)
    .filter((port) => port.protocol === "udp")
    .map((port) => `${port.number}:${port.program || (podNetworkOf(cluster)?.link ?? "")}`);
  const cephDisks = cluster.addons.rookCeph?.disks[host.name] ?? [];
  const interfaces = interfacesOf(host.name, roles, cluster);
  return {
    name: "preflight",
    host: host.name,
    owner,
    settings: {
      ROLES: roles.join(" "),
      HOST_ADDRESS: host.address,
      ...(host.secondAddress !== undefined && { SECOND_ADDRESS: host.secondAddress }),
      ARCHITECTURE: host.architecture,
      API_ADDRESS: apiAddress,
      API_NAME: cluster.api.domainName,
      ...(cluster.api.former && {
        FORMER_API: [cluster.api.former.domainName, cluster.api.former.address].filter((it) => it !== undefined).join(" "),
      }),
      // Where to ask whose a balancer is that has the API's address.
      ...(roles.includes("balancer") && { STATISTICS_PORT: String(cluster.balancer.statisticsPort) }),
      ...(balancer.length > 0 && { BALANCER: balancer.join(" ") }),
      ...(udp.length > 0 && { UDP_PORTS: udp.join(" ") }),
      ...(!cluster.hostPreparation.packages && { COMMANDS: commandsOf(roles, cluster).join(" ") }),
      KUBE_PROXY_MODE: network.kubeProxyMode,
      PREPARATIONS: preparations(cluster)
        .filter((item) => judged.includes(item))
        .join(" "),
      PORTS: ports(roles, cluster)
        .filter((port) => port.protocol === "tcp")
        .map((port) => `${port.number}:${port.program}`)
        .join(" "),
      ...(cluster.hostPreparation.timeSync && cluster.hostPreparation.timeService === "keep" && { TIME_SERVICE: "keep" }),
      ...(cluster.hostPreparation.minimumKernel && { MINIMUM_KERNEL: cluster.hostPreparation.minimumKernel }),
      NAME_SERVERS: network.nameServers.join(" "),
      NODE_CIDRS: [...cluster.nodeCidrs].sort().join(" "),
      POD_CIDR: listOf(network.podCidr).join(" "),
      SERVICE_CIDR: listOf(network.serviceCidr).join(" "),
      ...podSettings(roles, cluster),
      ...(cephDisks.length > 0 && { CEPH_DISKS: cephDisks.join(" ") }),
      ...(interfaces.length > 0 && { INTERFACES: interfaces.join(" ") }),
      ...(needed.length > 0 && { NEEDED_FILES: needed.join(" ") }),
      // Looked at before anything is changed: where etcd's stage will put data.
      ...(isMember && {
        ETCD_DATA_DIRECTORY: etcd.dataDirectory,
        ETCD_DATA_DEVICE: host.dataDevice ?? "",
        ...(host.dataDevice !== undefined && cluster.traits.ownsDevices && { DEVICE_COMES: "later" }),
        ETCD_BACKUP_DIRECTORY: etcd.backup.directory,
      }),
      ...(accepted.length > 0 && { ACCEPTED: accepted.join(" ") }),
    },
    birth: { ...proxyOf(cluster), ...askedOfSystem(cluster), COLLECTED: "yes", SOURCES: sources.join(" ") },
  };
}

/** What runs on a host for the API's address, by what the config says of balancers: commands, and `lvs` for the kernel's IPVS. */
function balancerCommands(roles: readonly Role[], cluster: Cluster): string[] {
  const { kind, address } = cluster.balancer;
  const proxy = kind === "nginx" || kind === "lvs" ? kind : "haproxy";
  if (roles.includes("balancer")) return [proxy, address === "routed" ? "vtysh" : "keepalived"];
  return isNode(roles) && isNodeLocal(cluster) ? ["haproxy"] : [];
}

/** The interfaces that the config names and this host needs, `key=name` each. */
function interfacesOf(name: string, roles: readonly Role[], cluster: Cluster): string[] {
  const { balancer, hosts, network } = cluster;
  const named = (own: "balancerInterface" | "flannelInterface", general: string, ofAll: string | undefined): string[] => {
    const ofHost = hosts[name]?.[own];
    if (ofHost !== undefined) return [`hosts.${name}.${own}=${ofHost}`];
    return ofAll === undefined ? [] : [`${general}=${ofAll}`];
  };
  return [
    ...(roles.includes("balancer") && buildsBalancer(cluster)
      ? named("balancerInterface", "balancer.interface", balancer.interface)
      : []),
    ...(isNode(roles) && podNetworkOf(cluster)
      ? named("flannelInterface", "network.flannelInterface", network.flannelInterface)
      : []),
  ];
}

/** What the config asks of the system beyond what the cluster needs. */
function askedOfSystem({ hostPreparation }: Cluster): Record<string, string> {
  const { modules, extraModules, sysctl, extraSysctl, timeZone } = hostPreparation;
  const asked = {
    EXTRA_MODULES: modules ? extraModules.join(" ") : "",
    EXTRA_SYSCTLS: sysctl ? Object.keys(extraSysctl).sort().join(" ") : "",
    TIME_ZONE: timeZone ?? "",
  };
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== ""));
}

/** The warnings that the config accepts on a host, sorted. */
function acceptedBy({ preflight, hosts }: Cluster, name: string): string[] {
  return [...new Set([...preflight.accept, ...(hosts[name]?.preflight.accept ?? [])])].sort();
}

/** The proxy without its login: a proxy that asks for one has answered. */
function proxyOf({ proxy }: Cluster): Record<string, string> {
  const url = proxy.https ?? proxy.http;
  return url === undefined ? {} : { PROXY: url, NO_PROXY_FOR: proxy.none.join(",") };
}

/**
 * Where a host's list of artifacts leads, for a look whether it is there: paths and URLs of files, and registries by their entry
 * (`/v2/`), each once.
 */
export function sourcesIn(artifactList: string): string[] {
  const sources = artifactList.split("\n").flatMap((line) => {
    const [kind = "", , from = ""] = line.split(" ");
    // Which distribution's packages the host takes, it finds out itself.
    if (kind === "" || kind === "packages") return [];
    return kind === "pull" || kind === "image-program" ? [`https://${from.split("/")[0]}/v2/`] : [from];
  });
  return [...new Set(sources)].sort();
}
