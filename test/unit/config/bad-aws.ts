import { aws, type Bad, lab } from "./samples.ts";

/** What is refused on aws, or of aws elsewhere. */
export const badAws: readonly Bad[] = [
  {
    mistake: "no aws section",
    from: aws,
    edit: (c) => {
      delete c.aws;
    },
    says: [
      "cluster.aws is missing | allowed: the provider's settings, because cluster.provider is aws | cure: such as aws: { zones: [eu-central-1a, eu-central-1b, eu-central-1c] }",
    ],
  },
  {
    mistake: "aws elsewhere",
    from: lab,
    edit: (c) => {
      c.aws = { zones: ["eu-central-1a"] };
      c.hosts.m1.aws = { generation: 2 };
      c.pools.general.autoscaling = { minimum: 1, maximum: 2 };
    },
    says: [
      'cluster.aws is {"zones":["eu-central-1a"],"network":{"vpcCidr":"10.0.0.0/16","natGateways":"per… | allowed: nothing, because cluster.provider is lab',
      'cluster.hosts.m1.aws is {"generation":2} | allowed: nothing, because cluster.provider is lab',
      'cluster.pools.general.autoscaling is {"minimum":1,"maximum":2} | allowed: nothing, because cluster.provider is lab',
      'cluster.nodeCidrs is ["10.0.0.0/24"] | allowed: a list with a range that holds aws.network.vpcCidr, 10.0.0.0/16',
      "cluster.aws.ssh lets nobody in | allowed: allowedCidrs, the ranges of your VPN or of the machine in the VPC that runs this program; or bastion | cure: such as ssh: { bastion: { allowedCidrs: [203.0.113.0/24] } }",
      'cluster.hosts.w1.pool is "general", whose instances the cluster autoscaler makes | allowed: a pool without autoscaling',
      'cluster.hosts.w2.pool is "general", whose instances the cluster autoscaler makes | allowed: a pool without autoscaling',
    ],
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
    says: [
      "cluster.hosts.m1.sshPort is 2222 | allowed: nothing, because the program makes it",
      'cluster.hosts.m2.dataDevice is "/dev/sdb" | allowed: nothing, because the program makes it',
      'cluster.hosts.m3.roles is ["etcd","balancer","control-plane"] | allowed: no role balancer, because a Network Load Balancer stands before the apiservers',
      'cluster.hosts.w1.connection is "local" | allowed: ssh, because the program makes the host',
      'cluster.ssh.bastion is {"host":"203.0.113.1","port":22,"user":"root"} | allowed: nothing, because the program makes it | cure: aws.ssh.bastion has one made',
    ],
  },
  {
    mistake: "API address on aws",
    from: aws,
    edit: (c) => {
      c.api.address = "10.0.0.10";
    },
    says: [
      'cluster.api.address is "10.0.0.10" | allowed: nothing with cluster.provider: aws, whose balancer has its own address',
    ],
  },
  {
    mistake: "zones of two regions",
    from: aws,
    edit: (c) => {
      c.aws.zones = ["eu-central-1a", "eu-west-1b"];
    },
    says: [
      'cluster.aws.zones is ["eu-central-1a","eu-west-1b"] | allowed: 1 to 3 different zones of one region; 3 survive the loss of any',
    ],
  },
  {
    mistake: "host outside the zones",
    from: aws,
    edit: (c) => {
      c.hosts.m1.aws = { zone: "eu-central-1d" };
    },
    says: [
      'cluster.hosts.m1.aws.zone is "eu-central-1d" | allowed: one of aws.zones: eu-central-1a, eu-central-1b, eu-central-1c',
    ],
  },
  {
    mistake: "all members in one zone",
    from: aws,
    edit: (c) => {
      for (const name of ["m1", "m2", "m3"]) c.hosts[name].aws = { zone: "eu-central-1b" };
    },
    says: [
      "cluster.hosts has a majority of etcd's members in zone eu-central-1b: m1, m2, m3 | allowed: hosts spread so that the others go on when a zone is lost | cure: set another aws.zone for one of them, or end their names in numbers that follow each other",
      "cluster.hosts has every control plane in zone eu-central-1b: m1, m2, m3 | allowed: hosts spread so that the others go on when a zone is lost | cure: set another aws.zone for one of them, or end their names in numbers that follow each other",
    ],
  },
  {
    mistake: "range of a VPC",
    from: aws,
    edit: (c) => {
      c.aws.network = { vpcCidr: "10.0.0.0/12" };
    },
    says: ['cluster.aws.network.vpcCidr is "10.0.0.0/12" | allowed: a range from /16 to /24'],
  },
  {
    mistake: "VPC outside nodeCidrs",
    from: aws,
    edit: (c) => {
      c.aws.network = { vpcCidr: "10.1.0.0/16" };
    },
    says: ['cluster.nodeCidrs is ["10.0.0.0/16"] | allowed: a list with a range that holds aws.network.vpcCidr, 10.1.0.0/16'],
  },
  {
    mistake: "host part in a range of aws",
    from: aws,
    edit: (c) => {
      c.aws.ssh.bastion.allowedCidrs = ["203.0.113.7/24"];
    },
    says: [
      'cluster.aws.ssh.bastion.allowedCidrs[0] is "203.0.113.7/24" | allowed: a range whose host part is zero: 203.0.113.0/24',
    ],
  },
  {
    mistake: "address outside its zone's subnet",
    from: aws,
    edit: (c) => {
      c.hosts.m2.address = "10.0.0.20";
      c.hosts.m1.address = "10.0.0.3";
    },
    says: [
      'cluster.hosts.m1.address is "10.0.0.3" | allowed: nothing, or an address from 10.0.0.4 to 10.0.63.254: the private subnet of eu-central-1a',
      'cluster.hosts.m2.address is "10.0.0.20" | allowed: nothing, or an address from 10.0.64.4 to 10.0.127.254: the private subnet of eu-central-1b',
    ],
  },
  {
    mistake: "existing VPC without its subnets",
    from: aws,
    edit: (c) => {
      c.aws.network = { existing: { vpcId: "vpc-0123456789abcdef0", privateSubnetIds: { "eu-central-1a": "subnet-01234567" } } };
    },
    says: [
      "cluster.aws.network.existing.privateSubnetIds.eu-central-1b is missing | allowed: a subnet's id, because the zone is in aws.zones",
      "cluster.aws.network.existing.privateSubnetIds.eu-central-1c is missing | allowed: a subnet's id, because the zone is in aws.zones",
      "cluster.aws.network.existing.publicSubnetIds.eu-central-1a is missing | allowed: a subnet's id, because a bastion is made",
      "cluster.aws.network.existing.publicSubnetIds.eu-central-1b is missing | allowed: a subnet's id, because a bastion is made",
      "cluster.aws.network.existing.publicSubnetIds.eu-central-1c is missing | allowed: a subnet's id, because a bastion is made",
    ],
  },
  {
    mistake: "nobody may log in",
    from: aws,
    edit: (c) => {
      delete c.aws.ssh;
    },
    says: [
      "cluster.aws.ssh lets nobody in | allowed: allowedCidrs, the ranges of your VPN or of the machine in the VPC that runs this program; or bastion | cure: such as ssh: { bastion: { allowedCidrs: [203.0.113.0/24] } }",
    ],
  },
  {
    mistake: "public API for nobody",
    from: aws,
    edit: (c) => {
      c.aws.api = { public: true };
    },
    says: [
      "cluster.aws.api.allowedCidrs is missing | allowed: who may reach the public API: ranges of yours, or 0.0.0.0/0 for everybody",
    ],
  },
  {
    mistake: "API name outside the hosted zone",
    from: aws,
    edit: (c) => {
      c.aws.api = { hostedZone: { id: "Z0123456789ABCDEFGHIJ", name: "example.org" } };
    },
    says: ['cluster.api.domainName is "api.example.com" | allowed: a name in aws.api.hostedZone, example.org'],
  },
  {
    mistake: "types before Nitro, and another architecture",
    from: aws,
    edit: (c) => {
      c.pools.general.aws = { instanceType: "t2.large" };
      c.hosts.m1.architecture = "arm64";
    },
    says: [
      'cluster.pools.general.aws.instanceType is "t2.large" | allowed: a type of the Nitro kind, such as m7i.large',
      'cluster.hosts.m1.architecture is "arm64" | allowed: nothing: the instance type m7i.large is of amd64',
    ],
  },
  {
    mistake: "half an image",
    from: aws,
    edit: (c) => {
      c.aws.machines = { worker: { image: { owner: "self" } } };
    },
    says: [
      'cluster.aws.machines.worker.image is {"os":"ubuntu-24.04","owner":"self"} | allowed: os, or id, or owner and name together',
    ],
  },
  {
    mistake: "too many operations for a volume",
    from: aws,
    edit: (c) => {
      c.aws.etcdVolume = { iops: 20_000, throughputMebibytes: 1000 };
    },
    says: ["cluster.aws.etcdVolume.iops is 20000 | allowed: 3000 to 10000 for gp3 of 20 GiB"],
  },
  {
    mistake: "throughput without operations",
    from: aws,
    edit: (c) => {
      c.aws.etcdVolume = { throughputMebibytes: 1000 };
    },
    says: ["cluster.aws.etcdVolume.throughputMebibytes is 1000 | allowed: at most 750: a quarter of cluster.aws.etcdVolume.iops"],
  },
  {
    mistake: "pool that scales and has hosts",
    from: aws,
    edit: (c) => {
      c.pools.general.autoscaling = { minimum: 3, maximum: 2 };
    },
    says: [
      "cluster.pools.general.autoscaling.minimum is 3 | allowed: at most cluster.pools.general.autoscaling.maximum, 2",
      'cluster.hosts.w1.pool is "general", whose instances the cluster autoscaler makes | allowed: a pool without autoscaling',
      'cluster.hosts.w2.pool is "general", whose instances the cluster autoscaler makes | allowed: a pool without autoscaling',
    ],
  },
];
