import { aws } from "./samples.ts";
import { type Warned, word } from "./warned.ts";

const onAws = (of: string, edit: Warned["edit"], ...says: string[]): Warned => ({ of, from: aws, edit, says });

/** Each with its exact words. */
export const warnedSettings: readonly Warned[] = [
  word(
    "a cluster that may be lost",
    (c) => {
      c.etcd = { throwAway: true };
    },
    "cluster.etcd.throwAway is true | allowed: true only for a stack that may be lost",
  ),
  word(
    "ipvs",
    (c) => {
      c.network = { kubeProxyMode: "ipvs" };
    },
    'cluster.network.kubeProxyMode is "ipvs" | allowed: nftables or iptables; ipvs is deprecated since Kubernetes 1.35',
  ),
  word(
    "hosts that are not verified",
    (c) => {
      c.ssh = { acceptAnyHostKey: true };
      delete c.hosts.w1.hostKey;
    },
    "cluster.ssh.acceptAnyHostKey is true and hosts have no hostKey: w1 | allowed: false, with a hostKey for every host; anyone between can be one of these",
  ),
  word(
    "a lost host",
    (c) => {
      c.hosts.w1.lost = true;
    },
    "cluster.hosts.w1.lost is true | allowed: for one up; then delete the host's entry",
  ),
  word(
    "a restore, without snapshots from then on",
    (c) => {
      c.etcd = { backup: { enabled: false }, restoreFrom: { id: "today", snapshot: "a.db", sha256: "0".repeat(64) } };
    },
    "cluster.etcd.restoreFrom restores a.db on every etcd host that has not yet done so for id today | allowed: for one up; then take it out",
    "cluster.etcd.backup.enabled is false | allowed: true; without a snapshot nothing brings back what a majority of members lost",
  ),
  word(
    "etcd's data in a directory at the top",
    (c) => {
      c.etcd = { dataDirectory: "/data" };
    },
    'cluster.etcd.dataDirectory is "/data", which goes to the user etcd alone | allowed: a directory in it, such as /data/etcd',
  ),
  word(
    "an argument that may be mistyped",
    (c) => {
      c.api.extraArgs = { "event-tl": "1h" };
    },
    "cluster.api.extraArgs.event-tl is not known here; did you mean event-ttl? | allowed: an argument of this release of kube-apiserver, which does not start with another",
  ),
  word(
    "an audit log without a policy",
    (c) => {
      c.api.extraArgs = { "audit-log-path": "-" };
    },
    'cluster.api.extraArgs.audit-log-path is "-" | allowed: with audit-policy-file beside it: without a policy kube-apiserver records nothing',
  ),
  word(
    "more pods than flannel has addresses, and half a byte for the system",
    (c) => {
      c.kubelet = { maxPods: 500, systemReserved: { memory: "512m" } };
    },
    "cluster.kubelet.maxPods is 500 | allowed: at most 253: a node's /24 holds no more, and further pods wait",
    'cluster.kubelet.systemReserved.memory is "512m", thousandths of a byte | allowed: 512Mi, mebibytes',
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
    'cluster.hostPreparation.timeZone is "Mars/Olympus", which is not known here | allowed: one of the tz database, which timedatectl list-timezones shows on a host',
    "cluster.hostPreparation.extraSysctl is not used | allowed: nothing while cluster.hostPreparation.sysctl is false",
  ),
  word(
    "a sysctl twice",
    (c) => {
      c.hostPreparation = { extraSysctl: { "vm.swappiness": "1", "vm/swappiness": "10" }, timeZone: "US/Eastern" };
    },
    "cluster.hostPreparation.extraSysctl.vm/swappiness is there in another spelling too | allowed: each sysctl once: the last one wins",
  ),
  word(
    "a domain of the internet, and an address of five parts",
    (c) => {
      c.network = { dnsDomain: "io" };
      c.api.extraNames = ["10.0.0.300", "10.0.0.9"];
    },
    "cluster.network.dnsDomain is \"io\": pods find no name below it but the cluster's own | allowed: a domain that is the cluster's alone, such as cluster.local",
    'cluster.api.extraNames[0] is "10.0.0.300", which is no address | allowed: an IPv4 address or a name',
  ),
  word(
    "the API among the NodePorts",
    (c) => {
      c.api.port = 31_000;
    },
    "cluster.api.port lets a Service of type NodePort take 31000 | allowed: ports outside the range of NodePorts, 30000-32767",
  ),
  word(
    "an override",
    (c) => {
      c.allow = ["patch-downgrade"];
    },
    'cluster.allow is ["patch-downgrade"] | allowed: for one up; then take it out',
  ),
  word(
    "a rotation",
    (c) => {
      c.certificates = { authorities: { etcd: { trust: [1, 2], issue: 1 } } };
    },
    "cluster.certificates.authorities.etcd is { trust: [1, 2], issue: 1 } | allowed: until every client has followed; then { trust: [1, 2], issue: 2 }",
  ),
  word(
    "no worker",
    (c) => {
      delete c.hosts.w1;
      delete c.hosts.w2;
    },
    "cluster.hosts has no host of role worker | allowed: none, but pods need one: control planes are tainted",
  ),
  onAws(
    "two zones",
    (c) => {
      c.aws.zones = ["eu-central-1a", "eu-central-1b"];
    },
    'cluster.aws.zones is ["eu-central-1a","eu-central-1b"]: the loss of one zone may take a majority of etcd\'s members | allowed: three zones',
  ),
  onAws(
    "a bastion for everybody",
    (c) => {
      c.aws.ssh.bastion.allowedCidrs = ["0.0.0.0/0"];
    },
    "cluster.aws.ssh.bastion.allowedCidrs has 0.0.0.0/0 | allowed: the ranges you come from",
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
    "cluster.ssh is not used | allowed: nothing, because cluster.provider is aws; see aws",
    "cluster.balancer is not used | allowed: nothing, because cluster.provider is aws",
  ),
  onAws(
    "a VPC's range beside a VPC",
    (c) => {
      const ids = (digit: number) =>
        Object.fromEntries(c.aws.zones.map((zone: string, place: number) => [zone, `subnet-0${digit}${place}123456`]));
      const existing = { vpcId: "vpc-0123456789abcdef0", privateSubnetIds: ids(1), publicSubnetIds: ids(2) };
      c.aws.network = { existing, vpcCidr: "10.1.0.0/16", natGateways: "one" };
    },
    "cluster.aws.network.vpcCidr is not used | allowed: nothing beside existing",
    "cluster.aws.network.natGateways is not used | allowed: nothing beside existing",
  ),
  onAws(
    "half of the internet",
    (c) => {
      c.aws.ssh.allowedCidrs = ["0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8"];
    },
    "cluster.aws.ssh.allowedCidrs has 0.0.0.0/1 | allowed: the ranges you come from",
    "cluster.aws.ssh.allowedCidrs has 128.0.0.0/1 | allowed: the ranges you come from",
  ),
  word(
    "cloned hosts",
    (c) => {
      c.hosts.w2.hostKey = `${c.hosts.w1.hostKey} root@w1`;
    },
    "cluster.hosts.w2.hostKey is that of w1 too, and of 2 hosts in all | allowed: a key of its own for each host: ssh-keygen -A makes new ones where /etc/ssh has none",
  ),
  word(
    "a way in and a place for snapshots that go with the cluster",
    (c) => {
      const { hostKey } = c.hosts.w1;
      c.ssh = { bastion: { host: "10.0.0.21", hostKey } };
      c.etcd = { backup: { copyToSsh: { host: "m1", user: "backup", directory: "/srv/etcd", hostKey } } };
    },
    'cluster.ssh.bastion.host is "10.0.0.21", host w1 of this cluster | allowed: a host outside it',
    'cluster.etcd.backup.copyToSsh.host is "m1", host m1 of this cluster | allowed: a host outside it',
  ),
  word(
    "pools without a place for a pod",
    (c) => {
      c.pools.general = { maxUnavailable: 2, taints: [{ key: "gpu", effect: "NoSchedule" }] };
    },
    "cluster.pools.general.maxUnavailable is 2 of 2 workers | allowed: fewer, so that some go on while others are changed",
    "cluster.pools have taints, every one: CoreDNS and other pods find no node | allowed: one pool without a taint, beside them",
  ),
  word(
    "the hub by its other name",
    (c) => {
      c.containerRuntime = { registryMirrors: { "registry-1.docker.io": ["https://mirror.example.com"] } };
    },
    "cluster.containerRuntime names registry-1.docker.io | allowed: docker.io, which images of the hub are named by",
  ),
  ...(
    [
      [
        { leafValidityHours: 1, renewBeforeHours: 0 },
        "leafValidityHours is 1 | allowed: a week or more: only an up renews certificates",
      ],
      [{ renewBeforeHours: 0 }, "renewBeforeHours is 0 | allowed: a day or more: an up must come within it"],
      [{ renewBeforeHours: 8759 }, "renewBeforeHours is 8759 of 8760 | allowed: less: almost every up makes new certificates"],
      [
        { authorityValidityHours: 8760 },
        "authorityValidityHours is 8760 | allowed: 17520 or more: certificates end with their authority",
      ],
    ] as const
  ).map(([certificates, says]) =>
    word(
      `certificates of ${JSON.stringify(certificates)}`,
      (c) => {
        c.certificates = certificates;
      },
      `cluster.certificates.${says}`,
    ),
  ),
];
