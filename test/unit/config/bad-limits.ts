import { aws, type Written } from "../../harness/samples.ts";
import { type Bad, bad } from "./bad-sample.ts";

// Limits of AWS, one machine for two hosts, ports and interfaces that are none.

const onAws = (mistake: string, edit: (c: Written) => void, ...keys: string[]): Bad => ({ mistake, from: aws, edit, keys });

export const badLimits: readonly Bad[] = [
  onAws(
    "root disks that are too fast for their size",
    (c) => {
      c.aws.machines = { worker: { rootDisk: { sizeGibibytes: 8, iops: 16000 } } };
      c.hosts.m1.aws = { rootDisk: { throughputMebibytes: 1000 } };
    },
    "cluster.aws.machines.worker.rootDisk.iops",
    "cluster.hosts.m1.aws.rootDisk.throughputMebibytes",
  ),
  onAws(
    "more hosts than a zone has addresses",
    (c) => {
      c.aws.network = { vpcCidr: "10.0.0.0/24" };
      for (let n = 1; n <= 180; n++) c.hosts[`x${n}`] = { roles: ["worker"], pool: "general" };
    },
    "cluster.aws.network.vpcCidr",
    "cluster.aws.network.vpcCidr",
    "cluster.aws.network.vpcCidr",
  ),
  onAws(
    "a key of another region",
    (c) => {
      c.aws.kmsKey = "arn:aws:kms:eu-west-1:123456789012:key/abc";
    },
    "cluster.aws.kmsKey",
  ),
  onAws(
    "tags that AWS refuses",
    (c) => {
      c.aws.tags = { "aws:team": "x", long: "x".repeat(300) };
      for (let n = 0; n < 60; n++) c.aws.tags[`t${n}`] = "x";
    },
    "cluster.aws.tags.aws:team",
    "cluster.aws.tags.long",
    "cluster.aws.tags",
  ),
  onAws(
    "logins that let nobody in",
    (c) => {
      c.aws.ssh.user = "root";
      c.aws.ssh.authorizedKeys = [c.kubernetesVersion, "~/.ssh/id.pub"];
    },
    "cluster.aws.ssh.user",
    "cluster.aws.ssh.authorizedKeys[0]",
    "cluster.aws.ssh.authorizedKeys[1]",
  ),
  bad(
    "one machine for two hosts",
    (c) => {
      c.hosts.w1.sshAddress = c.hosts.w2.sshAddress = "203.0.113.7";
    },
    "cluster.hosts.w2.sshAddress",
  ),
  ...["lo", "..", "cni0", "flannel.1"].map((name) =>
    bad(
      `interface ${name}`,
      (c) => {
        c.balancer = { interface: name };
        c.network = { flannelInterface: name };
      },
      "cluster.balancer.interface",
      "cluster.network.flannelInterface",
    ),
  ),
  bad(
    "ports that no program has",
    (c) => {
      c.containerRuntime = { insecureRegistries: ["registry:99999"], registryMirrors: { "docker.io": ["https://mirror:70000"] } };
    },
    "cluster.containerRuntime.registryMirrors.docker.io[0]",
    "cluster.containerRuntime.insecureRegistries[0]",
  ),
  bad(
    "a mirror without a name",
    (c) => {
      c.artifacts = { source: "mirror", location: "https:///x" };
    },
    "cluster.artifacts.location",
  ),
  bad(
    "a bundle above its folder",
    (c) => {
      c.artifacts = { source: "bundle", location: "/srv/../etc", manifest: "m.json" };
    },
    "cluster.artifacts.location",
  ),
];
