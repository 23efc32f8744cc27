import { aws } from "../../harness/samples.ts";
import { nodeLocal } from "./bad-balancers.ts";
import { type Warned, word } from "./warned.ts";

const onAws = (of: string, edit: Warned["edit"], ...keys: string[]): Warned => ({ of, from: aws, edit, keys });

export const warnedSettings: readonly Warned[] = [
  word(
    "a soft mount",
    (c) => {
      c.addons = { nfs: { volumes: { files: { server: "10.0.0.9", share: "/srv", mountOptions: ["soft"] } } } };
    },
    "cluster.addons.nfs.volumes.files.mountOptions",
  ),
  word(
    "a limit of reboots that don't happen",
    (c) => {
      c.maintenance = { id: "2026-12", reboot: "never", rebootTimeoutSeconds: 60 };
    },
    "cluster.maintenance.rebootTimeoutSeconds",
  ),
  word(
    "maintenance of a cluster of one host",
    (c) => {
      c.hosts = { m1: { ...c.hosts.m1, roles: ["etcd", "balancer", "control-plane", "worker"], pool: "general" } };
      c.etcd = { throwAway: true };
      c.maintenance = { id: "2026-12" };
    },
    "cluster.etcd.throwAway",
    "cluster.maintenance",
  ),
  word(
    "keys of VRRP beside a routed address",
    (c) => {
      c.api.address = "10.9.0.10";
      c.balancer = {
        ...{ address: "routed", routed: { protocol: "ospf" }, interface: "eth0" },
        ...{ virtualRouterId: 7, advertisementIntervalMilliseconds: 500 },
      };
    },
    "cluster.balancer.virtualRouterId",
    "cluster.balancer.advertisementIntervalMilliseconds",
  ),
  word(
    "keys of OSPF with BGP",
    (c) => {
      c.api.address = "10.9.0.10";
      const routed = { protocol: "bgp", asn: 64512, peers: [{ address: "10.0.0.1", asn: 64513 }], area: "0.0.0.7" };
      c.balancer = { address: "routed", routed, interface: "eth0" };
    },
    "cluster.balancer.interface",
    "cluster.balancer.routed.area",
  ),
  {
    of: "keys of a virtual IP where every node has its own balancer",
    from: nodeLocal,
    edit: (c) => {
      c.balancer = { ...c.balancer, interface: "eth1", virtualRouterId: 7, maximumConnections: 500 };
    },
    keys: ["cluster.balancer.interface", "cluster.balancer.virtualRouterId"],
  },
  word(
    "a statistics page that people read in clear, and a port that only TLS has",
    (c) => {
      c.balancer = { statistics: { from: ["10.9.0.0/16"], port: 9443 } };
    },
    "cluster.balancer.statistics.from",
    "cluster.balancer.statistics.port",
  ),
  word(
    "a statistics page that nginx has none of",
    (c) => {
      c.balancer = { kind: "nginx", statistics: { tls: true } };
    },
    "cluster.balancer.statistics",
  ),
  word(
    "a statistics page and a limit that lvs has none of",
    (c) => {
      c.balancer = { kind: "lvs", statistics: { tls: true }, maximumConnections: 500 };
    },
    "cluster.balancer.statistics",
    "cluster.balancer.maximumConnections",
  ),
  word(
    "a cluster that may be lost",
    (c) => {
      c.etcd = { throwAway: true };
    },
    "cluster.etcd.throwAway",
  ),
  word(
    "two control planes",
    (c) => {
      c.hosts.m3.roles = ["etcd"];
    },
    "cluster.hosts",
  ),
  word("control planes that are workers, in a pool or in none", (c) => {
    for (const n of ["m1", "m2", "m3"]) c.hosts[n].roles.push("worker");
    c.hosts.m1.pool = "general";
    delete c.hosts.w1;
    delete c.hosts.w2;
  }),
  word(
    "a taint on every worker of its own",
    (c) => {
      for (const n of ["w1", "w2"]) c.hosts[n].taints = [{ key: "a", effect: "NoExecute" }];
    },
    "cluster.hosts.w1.taints",
  ),
  word(
    "ipvs",
    (c) => {
      c.network = { kubeProxyMode: "ipvs" };
    },
    "cluster.network.kubeProxyMode",
  ),
  word(
    "settings of ipvs with nftables",
    (c) => {
      c.network = { ipvs: { scheduler: "lc" } };
    },
    "cluster.network.ipvs",
  ),
  word(
    "NodePorts without a kube-proxy",
    (c) => {
      c.network = { plugin: "none", kubeProxyMode: "none", nodePortAddresses: ["primary"] };
    },
    "cluster.network.nodePortAddresses",
  ),
  word("NodePorts on loopback as iptables has them, and everywhere", (c) => {
    c.network = { kubeProxyMode: "iptables", nodePortAddresses: ["127.0.0.0/8", "0.0.0.0/0", "10.0.0.0/8"] };
  }),
  word(
    "NodePorts where no node of the config is",
    (c) => {
      c.network = { nodePortAddresses: ["192.168.7.0/24", "10.0.0.0/24"] };
    },
    "cluster.network.nodePortAddresses[0]",
  ),
  word(
    "plain routes between two networks",
    (c) => {
      c.network = { flannel: { backend: "host-gw" } };
      c.nodeCidrs.push("10.9.0.0/24");
      c.hosts.w2.address = "10.9.0.22";
    },
    "cluster.network.flannel.backend",
  ),
  word(
    "flannel's settings with another network, and a floor without a table",
    (c) => {
      c.network = { plugin: "none", flannel: { mtu: 1400 }, flannelInterface: "eth1" };
      c.kubeProxy = { conntrackMin: 100_000 };
    },
    "cluster.network.flannel",
    "cluster.network.flannelInterface",
    "cluster.kubeProxy.conntrackMin",
  ),
  word(
    "hosts that are not verified",
    (c) => {
      c.ssh = { acceptAnyHostKey: true };
      delete c.hosts.w1.hostKey;
    },
    "cluster.ssh.acceptAnyHostKey",
  ),
  word(
    "a lost host",
    (c) => {
      c.hosts.w1.lost = true;
    },
    "cluster.hosts.w1.lost",
  ),
  word(
    "a restore, without snapshots from then on",
    (c) => {
      c.etcd = { backup: { enabled: false }, restoreFrom: { id: "today", snapshot: "a.db", sha256: "0".repeat(64) } };
    },
    "cluster.etcd.restoreFrom",
    "cluster.etcd.backup.enabled",
  ),
  word(
    "etcd's data in a directory at the top",
    (c) => {
      c.etcd = { dataDirectory: "/data" };
    },
    "cluster.etcd.dataDirectory",
  ),
  word(
    "an argument that may be mistyped",
    (c) => {
      c.api.extraArgs = { "event-tl": "1h" };
    },
    "cluster.api.extraArgs.event-tl",
  ),
  word(
    "arguments, a gate and fields that may be mistyped",
    (c) => {
      c.featureGates = { ContextualLoging: true };
      c.controllerManager = { extraArgs: { "node-monitor-perod": "5s" } };
      c.scheduler = { extraArgs: { "new-in-some-release": "1" } };
      c.etcd = { extraArgs: { "snapshot-cout": "9000" } };
      c.kubelet = { extraConfig: { allowedUnsafeSysctl: [] } };
      c.kubeProxy = { extraConfig: { nodePortAddress: ["primary"] } };
    },
    "cluster.controllerManager.extraArgs.node-monitor-perod",
    "cluster.scheduler.extraArgs.new-in-some-release",
    "cluster.featureGates.ContextualLoging",
    "cluster.etcd.extraArgs.snapshot-cout",
    "cluster.kubelet.extraConfig.allowedUnsafeSysctl",
    "cluster.kubeProxy.extraConfig.nodePortAddress",
  ),
  word(
    "an audit log without a policy",
    (c) => {
      c.api.extraArgs = { "audit-log-path": "-" };
    },
    "cluster.api.extraArgs.audit-log-path",
  ),
  word(
    "more pods than flannel has addresses, and half a byte for the system",
    (c) => {
      c.kubelet = { maxPods: 500, systemReserved: { memory: "512m" } };
    },
    "cluster.kubelet.maxPods",
    "cluster.kubelet.systemReserved.memory",
  ),
  word("as many pods with another network", (c) => {
    c.kubelet = { maxPods: 500 };
    c.addons = { flannel: false };
  }),
  word(
    "sysctls that nobody sets",
    (c) => {
      c.hostPreparation = { sysctl: false, extraSysctl: { "vm.swappiness": "1" }, timeZone: "Mars/Olympus" };
    },
    "cluster.hostPreparation.timeZone",
    "cluster.hostPreparation.extraSysctl",
  ),
  word(
    "preparation that other keys turn off",
    (c) => {
      c.hostPreparation = { timeSync: false, timeServers: ["ntp.example.com"], packages: false, extraPackages: ["sysstat"] };
      c.hosts.w1.hostPreparation = {
        firewall: { enabled: false, policy: "drop" },
        journalLimit: false,
        journal: { maxUse: "10G" },
      };
    },
    "cluster.hostPreparation.extraPackages",
    "cluster.hostPreparation.timeServers",
    "cluster.hosts.w1.hostPreparation.firewall.policy",
    "cluster.hosts.w1.hostPreparation.journal.maxUse",
  ),
  word(
    "time servers beside a time service that is kept, and a host without a firewall",
    (c) => {
      c.hostPreparation = { timeService: "keep", timeServers: ["ntp.example.com"], firewall: { policy: "drop" } };
      c.hosts.w1.hostPreparation = { firewall: false };
    },
    "cluster.hostPreparation.timeServers",
  ),
  word(
    "ports of the cluster that anyone may reach",
    (c) => {
      c.hostPreparation = {
        firewall: {
          allow: [
            { port: 2379, lastPort: 2380 },
            { port: 2379, from: ["192.0.2.0/24"] },
          ],
        },
      };
      c.hosts.w1.hostPreparation = { firewall: { allow: [{ port: 2379 }, { port: 10250, from: ["0.0.0.0/0"] }] } };
    },
    "cluster.hostPreparation.firewall.allow[0]",
    "cluster.hosts.w1.hostPreparation.firewall.allow[1]",
  ),
  word(
    "a sysctl twice",
    (c) => {
      c.hostPreparation = { extraSysctl: { "vm.swappiness": "1", "vm/swappiness": "10" }, timeZone: "US/Eastern" };
    },
    "cluster.hostPreparation.extraSysctl.vm/swappiness",
  ),
  word(
    "a domain of the internet, and an address of five parts",
    (c) => {
      c.network = { dnsDomain: "io" };
      c.api.extraNames = ["10.0.0.300", "10.0.0.9"];
    },
    "cluster.network.dnsDomain",
    "cluster.api.extraNames[0]",
  ),
  word(
    "the API among the NodePorts",
    (c) => {
      c.api.port = 31_000;
    },
    "cluster.api.port",
  ),
  word(
    "an override",
    (c) => {
      c.allow = ["patch-downgrade"];
    },
    "cluster.allow",
  ),
  word(
    "a rotation",
    (c) => {
      c.certificates = { authorities: { etcd: { trust: [1, 2], issue: 1 } } };
    },
    "cluster.certificates.authorities.etcd",
  ),
  word(
    "no worker",
    (c) => {
      delete c.hosts.w1;
      delete c.hosts.w2;
    },
    "cluster.hosts",
  ),
  onAws(
    "two zones",
    (c) => {
      c.aws.zones = ["eu-central-1a", "eu-central-1b"];
    },
    "cluster.aws.zones",
  ),
  onAws(
    "a bastion for everybody",
    (c) => {
      c.aws.ssh.bastion.allowedCidrs = ["0.0.0.0/0"];
    },
    "cluster.aws.ssh.bastion.allowedCidrs",
  ),
];

/** What does nothing, or less than it looks like. */
export const warnedUnused: readonly Warned[] = [
  onAws(
    "sections that are not read on aws",
    (c) => {
      c.ssh = { user: "ops" };
      c.balancer = { statisticsPort: 9000 };
    },
    "cluster.ssh",
    "cluster.balancer",
  ),
  onAws(
    "a VPC's range beside a VPC",
    (c) => {
      const ids = (digit: number) =>
        Object.fromEntries(c.aws.zones.map((zone: string, place: number) => [zone, `subnet-0${digit}${place}123456`]));
      const existing = { vpcId: "vpc-0123456789abcdef0", privateSubnetIds: ids(1), publicSubnetIds: ids(2) };
      c.aws.network = { existing, vpcCidr: "10.1.0.0/16", natGateways: "one" };
    },
    "cluster.aws.network.vpcCidr",
    "cluster.aws.network.natGateways",
  ),
  onAws(
    "half of the internet",
    (c) => {
      c.aws.ssh.allowedCidrs = ["0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8"];
    },
    "cluster.aws.ssh.allowedCidrs",
    "cluster.aws.ssh.allowedCidrs",
  ),
  word(
    "cloned hosts",
    (c) => {
      c.hosts.w2.hostKey = `${c.hosts.w1.hostKey} root@w1`;
    },
    "cluster.hosts.w2.hostKey",
  ),
  word(
    "a way in and a place for snapshots that go with the cluster",
    (c) => {
      const { hostKey } = c.hosts.w1;
      c.ssh = { bastion: { host: "10.0.0.21", hostKey } };
      c.etcd = { backup: { copyToSsh: { host: "m1", user: "backup", directory: "/srv/etcd", hostKey } } };
    },
    "cluster.ssh.bastion.host",
    "cluster.etcd.backup.copyToSsh.host",
  ),
  word(
    "pools without a place for a pod",
    (c) => {
      c.pools.general = { maxUnavailable: 2, taints: [{ key: "gpu", effect: "NoSchedule" }] };
    },
    "cluster.pools.general.maxUnavailable",
    "cluster.pools",
  ),
  word(
    "a slow disk accepted where etcd has none",
    (c) => {
      c.hosts.w1.preflight = { accept: ["covered-range", "slow-disk"] };
    },
    "cluster.hosts.w1.preflight.accept[1]",
  ),
  word(
    "the hub by its other name",
    (c) => {
      c.containerRuntime = { registryMirrors: { "registry-1.docker.io": ["https://mirror.example.com"] } };
    },
    "cluster.containerRuntime",
  ),
  ...(
    [
      [{ leafValidityHours: 1, renewBeforeHours: 0 }, "leafValidityHours"],
      [{ renewBeforeHours: 0 }, "renewBeforeHours"],
      [{ renewBeforeHours: 8759 }, "renewBeforeHours"],
      [{ authorityValidityHours: 8760 }, "authorityValidityHours"],
    ] as const
  ).map(([certificates, key]) =>
    word(
      `certificates of ${JSON.stringify(certificates)}`,
      (c) => {
        c.certificates = certificates;
      },
      `cluster.certificates.${key}`,
    ),
  ),
];
