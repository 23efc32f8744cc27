import { aws, lab } from "../../harness/samples.ts";
import type { Bad } from "./bad-sample.ts";

/** Configs that are refused on aws, and settings of aws that are refused elsewhere. */
export const badAws: readonly Bad[] = [
  {
    mistake: "no aws section",
    from: aws,
    edit: (c) => {
      delete c.aws;
    },
    keys: ["cluster.aws"],
  },
  {
    mistake: "aws elsewhere",
    from: lab,
    edit: (c) => {
      c.aws = { zones: ["eu-central-1a"] };
      c.hosts.m1.aws = { generation: 2 };
      c.pools.general.autoscaling = { minimum: 1, maximum: 2 };
    },
    keys: ["cluster.aws", "cluster.hosts.m1.aws", "cluster.pools.general.autoscaling"],
  },
  {
    mistake: "what the program makes, given by hand",
    from: aws,
    edit: (c) => {
      c.hosts.m1.sshPort = 2222;
      c.hosts.m2.dataDevice = "/dev/sdb";
      c.hosts.m3.roles = ["etcd", "balancer", "control-plane"];
      c.hosts.w1.connection = "local";
      c.ssh = { bastion: { host: "203.0.113.1" } };
    },
    keys: [
      "cluster.hosts.m3.roles",
      "cluster.hosts.w1.connection",
      "cluster.hosts.m1.sshPort",
      "cluster.hosts.m2.dataDevice",
      "cluster.ssh.bastion",
    ],
  },
  {
    mistake: "a host with the name of the bastion",
    from: aws,
    edit: (c) => {
      c.hosts.bastion = c.hosts.w1;
      delete c.hosts.w1;
    },
    keys: ["cluster.hosts.bastion"],
  },
  {
    mistake: "version without what the provider adds",
    from: aws,
    edit: (c) => {
      c.kubernetesVersion = "1.34.4";
    },
    keys: ["cluster.kubernetesVersion"],
  },
  {
    mistake: "lab subnet with a host part",
    from: lab,
    edit: (c) => {
      c.lab.subnet = "10.0.0.1/24";
    },
    keys: ["cluster.lab.subnet"],
  },
  {
    mistake: "API address on aws",
    from: aws,
    edit: (c) => {
      c.api.address = "10.0.0.10";
    },
    keys: ["cluster.api.address"],
  },
  {
    mistake: "zones of two regions",
    from: aws,
    edit: (c) => {
      c.aws.zones = ["eu-central-1a", "eu-west-1b"];
    },
    keys: ["cluster.aws.zones"],
  },
  {
    mistake: "host outside the zones",
    from: aws,
    edit: (c) => {
      c.hosts.m1.aws = { zone: "eu-central-1d" };
    },
    keys: ["cluster.hosts.m1.aws.zone"],
  },
  {
    mistake: "all members in one zone",
    from: aws,
    edit: (c) => {
      for (const name of ["m1", "m2", "m3"]) c.hosts[name].aws = { zone: "eu-central-1b" };
    },
    keys: ["cluster.hosts", "cluster.hosts"],
  },
  {
    mistake: "range of a VPC",
    from: aws,
    edit: (c) => {
      c.aws.network = { vpcCidr: "10.0.0.0/12" };
    },
    keys: ["cluster.aws.network.vpcCidr"],
  },
  {
    mistake: "VPC outside nodeCidrs",
    from: aws,
    edit: (c) => {
      c.aws.network = { vpcCidr: "10.1.0.0/16" };
    },
    keys: ["cluster.nodeCidrs"],
  },
  {
    mistake: "host part in a range of aws",
    from: aws,
    edit: (c) => {
      c.aws.ssh.bastion.allowedCidrs = ["203.0.113.7/24"];
    },
    keys: ["cluster.aws.ssh.bastion.allowedCidrs[0]"],
  },
  {
    mistake: "address outside its zone's subnet",
    from: aws,
    edit: (c) => {
      c.hosts.m2.address = "10.0.0.20";
      c.hosts.m1.address = "10.0.0.3";
    },
    keys: ["cluster.hosts.m1.address", "cluster.hosts.m2.address"],
  },
  {
    mistake: "existing VPC without its subnets",
    from: aws,
    edit: (c) => {
      c.aws.network = { existing: { vpcId: "vpc-0123456789abcdef0", privateSubnetIds: { "eu-central-1a": "subnet-01234567" } } };
    },
    keys: [
      "cluster.aws.network.existing.privateSubnetIds.eu-central-1b",
      "cluster.aws.network.existing.privateSubnetIds.eu-central-1c",
      "cluster.aws.network.existing.publicSubnetIds.eu-central-1a",
      "cluster.aws.network.existing.publicSubnetIds.eu-central-1b",
      "cluster.aws.network.existing.publicSubnetIds.eu-central-1c",
    ],
  },
  {
    mistake: "nobody may log in",
    from: aws,
    edit: (c) => {
      delete c.aws.ssh;
    },
    keys: ["cluster.aws.ssh"],
  },
  {
    mistake: "public API for nobody",
    from: aws,
    edit: (c) => {
      c.aws.api = { public: true };
    },
    keys: ["cluster.aws.api.allowedCidrs"],
  },
  {
    mistake: "API name outside the hosted zone",
    from: aws,
    edit: (c) => {
      c.aws.api = { hostedZone: { id: "Z0123456789ABCDEFGHIJ", name: "example.org" } };
    },
    keys: ["cluster.api.domainName"],
  },
  {
    mistake: "types before Nitro, and another architecture",
    from: aws,
    edit: (c) => {
      c.pools.general.aws = { instanceType: "t2.large" };
      c.hosts.m1.architecture = "arm64";
    },
    keys: ["cluster.pools.general.aws.instanceType", "cluster.hosts.m1.architecture"],
  },
  {
    mistake: "half an image",
    from: aws,
    edit: (c) => {
      c.aws.machines = { worker: { image: { owner: "self" } } };
    },
    keys: ["cluster.aws.machines.worker.image"],
  },
  {
    mistake: "too many operations for a volume",
    from: aws,
    edit: (c) => {
      c.aws.etcdVolume = { iops: 20_000, throughputMebibytes: 1000 };
    },
    keys: ["cluster.aws.etcdVolume.iops"],
  },
  {
    mistake: "throughput without operations",
    from: aws,
    edit: (c) => {
      c.aws.etcdVolume = { throughputMebibytes: 1000 };
    },
    keys: ["cluster.aws.etcdVolume.throughputMebibytes"],
  },
  {
    mistake: "pool that scales and has hosts",
    from: aws,
    edit: (c) => {
      c.pools.general.autoscaling = { minimum: 3, maximum: 2 };
    },
    keys: ["cluster.pools.general.autoscaling.minimum", "cluster.hosts.w1.pool", "cluster.hosts.w2.pool"],
  },
];
