import { aws, type Bad, bad, type Written } from "./samples.ts";

// Limits of AWS, one machine for two hosts, ports and interfaces that are none.

const onAws = (mistake: string, edit: (c: Written) => void, ...says: string[]): Bad => ({ mistake, from: aws, edit, says });
const interfaces = "a network interface of the host such as eth0, at most 15 characters; not lo or one of pods";

/** Each with its exact message. */
export const badLimits: readonly Bad[] = [
  onAws(
    "root disks that are too fast for their size",
    (c) => {
      c.aws.machines = { worker: { rootDisk: { sizeGibibytes: 8, iops: 16000 } } };
      c.hosts.m1.aws = { rootDisk: { throughputMebibytes: 1000 } };
    },
    "cluster.aws.machines.worker.rootDisk.iops is 16000 | allowed: at most 4000 for gp3 of 8 GiB",
    "cluster.hosts.m1.aws.rootDisk.throughputMebibytes is 1000 | allowed: at most 750: a quarter of cluster.hosts.m1.aws.rootDisk.iops",
  ),
  onAws(
    "more hosts than a zone has addresses",
    (c) => {
      c.aws.network = { vpcCidr: "10.0.0.0/24" };
      for (let n = 1; n <= 180; n++) c.hosts[`x${n}`] = { roles: ["worker"], pool: "general" };
    },
    'cluster.aws.network.vpcCidr is "10.0.0.0/24", with 59 addresses in eu-central-1a for 62 hosts | allowed: a larger range, or more zones',
    'cluster.aws.network.vpcCidr is "10.0.0.0/24", with 59 addresses in eu-central-1b for 62 hosts | allowed: a larger range, or more zones',
    'cluster.aws.network.vpcCidr is "10.0.0.0/24", with 59 addresses in eu-central-1c for 61 hosts | allowed: a larger range, or more zones',
  ),
  onAws(
    "a key of another region",
    (c) => {
      c.aws.kmsKey = "arn:aws:kms:eu-west-1:123456789012:key/abc";
    },
    'cluster.aws.kmsKey is "arn:aws:kms:eu-west-1:123456789012:key/abc" | allowed: a key of eu-central-1, where the volumes are',
  ),
  onAws(
    "tags that AWS refuses",
    (c) => {
      c.aws.tags = { "aws:team": "x", long: "x".repeat(300) };
      for (let n = 0; n < 60; n++) c.aws.tags[`t${n}`] = "x";
    },
    "cluster.aws.tags.aws:team is reserved | allowed: a key that doesn't begin with aws:",
    "cluster.aws.tags.long is too long | allowed: a key of 128, a value of 256 characters",
    "cluster.aws.tags has 62 tags | allowed: at most 45: AWS takes 50, some are the program's",
  ),
  onAws(
    "logins that let nobody in",
    (c) => {
      c.aws.ssh.user = "root";
      c.aws.ssh.authorizedKeys = [c.kubernetesVersion, "~/.ssh/id.pub"];
    },
    'cluster.aws.ssh.user is "root" | allowed: another name, such as ops: images let root in nowhere',
    'cluster.aws.ssh.authorizedKeys[0] is "1.36.3" | allowed: a public key\'s own line, such as ssh-ed25519 AAAA…',
    'cluster.aws.ssh.authorizedKeys[1] is "~/.ssh/id.pub" | allowed: a public key\'s own line, such as ssh-ed25519 AAAA…',
  ),
  bad(
    "one machine for two hosts",
    (c) => {
      c.hosts.w1.sshAddress = c.hosts.w2.sshAddress = "203.0.113.7";
    },
    'cluster.hosts.w2.sshAddress is "203.0.113.7", as is that of w1 | allowed: an address or port of its own: both would be made on one machine',
  ),
  ...["lo", "..", "cni0", "flannel.1"].map((name) =>
    bad(
      `interface ${name}`,
      (c) => {
        c.balancer = { interface: name };
        c.network = { flannelInterface: name };
      },
      `cluster.balancer.interface is "${name}" | allowed: ${interfaces}`,
      `cluster.network.flannelInterface is "${name}" | allowed: ${interfaces}`,
    ),
  ),
  bad(
    "ports that no program has, and a mirror without a name",
    (c) => {
      c.containerRuntime = { insecureRegistries: ["registry:99999"], registryMirrors: { "docker.io": ["https://mirror:70000"] } };
      c.artifacts = { source: "mirror", location: "https:///x" };
    },
    'cluster.containerRuntime.registryMirrors.docker.io[0] is "https://mirror:70000" | allowed: an http or https URL such as https://mirror.example.com, without user, password or query',
    'cluster.containerRuntime.insecureRegistries[0] is "registry:99999" | allowed: a registry such as docker.io or registry.example.com:5000',
    'cluster.artifacts.location is "https:///x" | allowed: the mirror\'s http or https URL, because cluster.artifacts.source is mirror',
  ),
  bad(
    "a bundle above its folder",
    (c) => {
      c.artifacts = { source: "bundle", location: "/srv/../etc", manifest: "m.json" };
    },
    'cluster.artifacts.location is "/srv/../etc" | allowed: an absolute path on the hosts, because cluster.artifacts.source is bundle',
  ),
];
