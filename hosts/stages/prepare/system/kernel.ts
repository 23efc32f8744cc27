import { listOf, ofFamily } from "../../../../config/addresses.ts";
import { isLvs, isRouted } from "../../../../config/api.ts";
import { storageOf } from "../../../../config/packages.ts";
import { podNetworkOf } from "../../../../config/pod-network.ts";
import type { Cluster, Role } from "../../../../config/schema.ts";
import { isNode } from "../../../cluster.ts";

// What the kernel must have and how it is set, by role.

// kube-network-policies gets new connections by a queue of nftables.
const QUEUES = ["nfnetlink_queue", "nft_queue"];

// Loaded before a pod needs them: kubelet's own commands do not load these.
const STORAGE: Partial<Record<ReturnType<typeof storageOf>[number], readonly string[]>> = {
  iscsi: ["iscsi_tcp"],
  multipath: ["dm_multipath"],
};

/** Kernel modules of a host with these roles. */
export function modules(roles: readonly Role[], cluster: Cluster): string[] {
  const ofBalancer = roles.includes("balancer") && isLvs(cluster) ? ["nf_conntrack", "ip_vs", "ip_vs_rr"] : [];
  const more = [...ofBalancer, ...cluster.hostPreparation.extraModules];
  if (!isNode(roles)) return [...new Set(more)];
  const { kubeProxyMode, ipvs } = cluster.network;
  const ofProxy = kubeProxyMode === "ipvs" ? ["ip_vs", "ip_vs_rr", "ip_vs_sh", "ip_vs_wrr", `ip_vs_${ipvs.scheduler}`] : [];
  const { link } = podNetworkOf(cluster) ?? {};
  const storage = storageOf(cluster).flatMap((kind) => STORAGE[kind] ?? []);
  const queues = cluster.addons.networkPolicies ? QUEUES : [];
  return [
    ...new Set(["br_netfilter", "nf_conntrack", "overlay", ...(link ? [link] : []), ...ofProxy, ...queues, ...storage, ...more]),
  ];
}

// A host that panics comes back by itself instead of waiting for someone.
const everyHost = { "kernel.panic": "10", "kernel.panic_on_oops": "1" };

const node = {
  "net.ipv4.ip_forward": "1",
  "net.bridge.bridge-nf-call-iptables": "1",
  "net.bridge.bridge-nf-call-ip6tables": "1",
  // kubelet's protectKernelDefaults wants these four and the two above.
  "kernel.keys.root_maxbytes": "25000000",
  "kernel.keys.root_maxkeys": "1000000",
  "vm.overcommit_memory": "1",
  "vm.panic_on_oom": "0",
  // 110 pods with a few watched files each; the kernel's default of 128 instances is soon used up.
  "fs.inotify.max_user_instances": "8192",
  "fs.inotify.max_user_watches": "524288",
  // kube-proxy's own limit for 16 cores; kube-proxy is told to leave it alone.
  "net.netfilter.nf_conntrack_max": "524288",
};

// Where routers advertise the default route, apply_sysctl also lets the kernel go on listening to them.
const ipv6Node = {
  "net.ipv6.conf.all.forwarding": "1",
  "net.ipv6.conf.default.forwarding": "1",
  // Of interfaces to come, such as those of pods.
  "net.ipv6.conf.default.disable_ipv6": "0",
};

// An address on the loopback interface is not spoken of in ARP: neighbors would take this host for its place.
const routedAddress = { "net.ipv4.conf.all.arp_announce": "2", "net.ipv4.conf.all.arp_ignore": "1" };

// IPVS leads answers back by the kernel's table of connections, and resets those to an apiserver that is gone. Answers to other hosts are forwarded.
const director = {
  "net.ipv4.ip_forward": "1",
  "net.ipv4.vs.conntrack": "1",
  "net.ipv4.vs.expire_nodest_conn": "1",
};

/** Sysctls of a host with these roles, as paths below /proc/sys, sorted. The config's extraSysctl wins. */
export function sysctls(roles: readonly Role[], cluster: Cluster): [path: string, value: string][] {
  const routed = roles.includes("balancer") && isRouted(cluster);
  const ipv6 = ofFamily(listOf(cluster.network.podCidr), 6).length > 0;
  const wanted = {
    ...everyHost,
    ...(isNode(roles) && node),
    ...(isNode(roles) && ipv6 && ipv6Node),
    ...(routed && routedAddress),
    ...(roles.includes("balancer") && isLvs(cluster) && director),
  };
  const byPath = new Map(
    [...Object.entries(wanted), ...Object.entries(cluster.hostPreparation.extraSysctl)].map(([name, value]) => [
      sysctlPath(name),
      value,
    ]),
  );
  return [...byPath].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A sysctl's path below /proc/sys. As in sysctl.d(5): the first separator, dot or slash, is the separator; the other one is literal. */
export function sysctlPath(name: string): string {
  if (name.match(/[./]/)?.[0] === "/") return name;
  return name.replace(/[./]/g, (separator) => (separator === "." ? "/" : "."));
}

/** Folders of /sys/kernel/mm/hugepages by the config's name of the pages' size. */
const pageFolders = { "2Mi": "hugepages-2048kB", "1Gi": "hugepages-1048576kB" } as const;

/** Huge pages as the script reads them, `folder count` of each size that the config names. */
export const hugePages = ({ hostPreparation }: Pick<Cluster, "hostPreparation">): string =>
  (["2Mi", "1Gi"] as const)
    .flatMap((size) => {
      const count = hostPreparation.hugePages[size];
      return count === undefined ? [] : [`${pageFolders[size]} ${count}`];
    })
    .join(" ");
