import { isNodeLocal } from "./api.ts";
import type { Cluster, Role } from "./schema.ts";

// Packages of Debian and Ubuntu that hosts need, by what the config asks of them.

const everywhere = ["ca-certificates", "curl", "iproute2", "kmod", "procps"];
/** mkfs.ext4: Debian 13 may lack it. */
const ofDataDevices = ["e2fsprogs"];
const ofBalancers = ["socat"];
const byProxy = {
  haproxy: ["haproxy"],
  nginx: ["nginx", "libnginx-mod-stream"],
  lvs: ["ipvsadm", "nftables"],
  "node-local": [],
  external: [],
} as const;
const byHolder = { vrrp: ["keepalived"], routed: ["frr", "nftables"] } as const;
const ofNodesOwnBalancers = ["haproxy", "socat"];
const ofNodes = ["conntrack", "ethtool", "iptables", "mount", "nftables", "socat"];
/** `ipvsadm` takes away what kube-proxy leaves in the kernel. */
const byProxyMode = { nftables: [], iptables: ["ipset"], ipvs: ["ipset", "ipvsadm"], none: [] } as const;
/** Clients of storage, by the key of `addons` that wants them. Ceph encrypts disks by LVM. */
const byStorage = {
  nfs: ["nfs-common"],
  iscsi: ["open-iscsi"],
  multipath: ["multipath-tools"],
  encryptedCeph: ["lvm2"],
} as const;
const byPreparation = { firewall: ["nftables"], timeSync: ["chrony"], timeZone: ["tzdata"] } as const;

/** The packages that a host of these roles needs, sorted. Of these only the missing ones are installed. */
export function packagesOf(roles: readonly Role[], cluster: Cluster): string[] {
  const { hostPreparation, network } = cluster;
  const node = roles.includes("control-plane") || roles.includes("worker");
  return sorted(
    everywhere,
    roles.includes("etcd") && Object.values(cluster.hosts).some(({ dataDevice }) => dataDevice) ? ofDataDevices : [],
    roles.includes("balancer") ? [...ofBalancers, ...byProxy[cluster.balancer.kind], ...byHolder[cluster.balancer.address]] : [],
    node ? ofNodes : [],
    node && isNodeLocal(cluster) ? ofNodesOwnBalancers : [],
    node ? byProxyMode[network.kubeProxyMode] : [],
    node ? storageOf(cluster).flatMap((kind) => byStorage[kind]) : [],
    hostPreparation.firewall.enabled ? byPreparation.firewall : [],
    hostPreparation.timeSync ? byPreparation.timeSync : [],
    hostPreparation.timeZone ? byPreparation.timeZone : [],
    hostPreparation.extraPackages,
  );
}

/** What the config wants of a node's storage beyond its own disks. */
export function storageOf({ addons }: Cluster): (keyof typeof byStorage)[] {
  const { iscsi, nfs, rookCeph } = addons;
  return [
    ...(nfs === undefined ? [] : (["nfs"] as const)),
    ...(iscsi === undefined ? [] : (["iscsi"] as const)),
    ...(iscsi?.multipath ? (["multipath"] as const) : []),
    ...(rookCeph?.encrypted ? (["encryptedCeph"] as const) : []),
  ];
}

/** What shows that a package is there: commands of it that the program's scripts call, or whose daemon it starts. */
const commandsIn: Readonly<Record<string, readonly string[]>> = {
  chrony: ["chronyc"],
  conntrack: ["conntrack"],
  curl: ["curl"],
  e2fsprogs: ["mkfs.ext4"],
  ethtool: ["ethtool"],
  frr: ["vtysh"],
  haproxy: ["haproxy"],
  iproute2: ["ip", "ss"],
  ipset: ["ipset"],
  iptables: ["iptables"],
  ipvsadm: ["ipvsadm"],
  keepalived: ["keepalived"],
  kmod: ["modprobe"],
  lvm2: ["lvm"],
  mount: ["mount"],
  "multipath-tools": ["multipath"],
  "nfs-common": ["mount.nfs"],
  nftables: ["nft"],
  nginx: ["nginx"],
  "open-iscsi": ["iscsiadm"],
  procps: ["sysctl"],
  socat: ["socat"],
};

/** The commands that a host of these roles needs, sorted. Of a time service that it may keep instead of chrony, only the host knows. */
export function commandsOf(roles: readonly Role[], cluster: Cluster): string[] {
  const wanted = packagesOf(roles, cluster);
  return sorted(...wanted.map((name) => commandsIn[name] ?? []));
}

/** Every package that any host of any cluster needs, sorted: what a bundle holds. */
export const allPackages: readonly string[] = sorted(
  everywhere,
  ofDataDevices,
  ofBalancers,
  ...Object.values(byProxy),
  ...Object.values(byHolder),
  ofNodes,
  ...Object.values(byProxyMode),
  ...Object.values(byStorage),
  ...Object.values(byPreparation),
);

/** The distributions whose packages a bundle can hold, as `ID-VERSION_ID` of their /etc/os-release. */
export const distributions = ["debian-12", "debian-13", "ubuntu-22.04", "ubuntu-24.04"] as const;
export type Distribution = (typeof distributions)[number];

/** The file of a bundle with a distribution's packages. */
export const packagesFile = (distribution: Distribution, architecture: "amd64" | "arm64") =>
  `packages-${distribution}-linux-${architecture}.tar`;

function sorted(...lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())].sort();
}
