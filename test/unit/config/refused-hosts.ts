import { host, member, type RefusedChange, three, worker } from "./changes-samples.ts";

// What a cluster was born with, and single hosts.

export const refusedHosts: readonly RefusedChange[] = [
  {
    change: "another cluster name",
    from: three,
    after: (a) => {
      a.name = "other";
    },
    keys: ["cluster.name"],
  },
  {
    change: "another provider",
    from: three,
    after: (a) => {
      a.provider = "lab";
    },
    keys: ["cluster.provider"],
  },
  {
    change: "a balancer on every node in place of a virtual IP",
    from: three,
    after: (a) => {
      a.balancer = "node-local";
    },
    keys: ["cluster.balancer.kind"],
  },
  {
    change: "a routed address in place of a virtual IP",
    from: three,
    after: (a) => {
      a.balancer = "routed";
    },
    keys: ["cluster.balancer.address"],
  },
  {
    change: "another pod range",
    from: three,
    after: (a) => {
      a.podCidr = "10.200.0.0/16";
    },
    keys: ["cluster.network.podCidr"],
  },
  {
    change: "a pod range that holds half of the old one",
    from: three,
    after: (a) => {
      a.podCidr = "10.244.0.0/17";
    },
    keys: ["cluster.network.podCidr"],
  },
  {
    change: "a second family",
    from: three,
    after: (a) => {
      a.podCidr = "10.244.0.0/16,fd00:10:244::/56";
      a.serviceCidr = "10.96.0.0/16,fd00:10:96::/112";
      (a.hosts.m1 as { secondAddress?: string }).secondAddress = "fd00:10::b";
    },
    keys: ["cluster.network.podCidr", "cluster.network.serviceCidr", "cluster.hosts.m1.address"],
  },
  {
    change: "larger parts for nodes",
    from: three,
    before: (b) => {
      b.nodeMask = { ipv4: 26, ipv6: 64 };
    },
    after: (a) => {
      a.nodeMask = { ipv4: 25, ipv6: 64 };
    },
    keys: ["cluster.network.nodeMask.ipv4"],
  },
  {
    change: "another service range",
    from: three,
    after: (a) => {
      a.serviceCidr = "10.97.0.0/16";
    },
    keys: ["cluster.network.serviceCidr"],
  },
  {
    change: "another DNS domain",
    from: three,
    after: (a) => {
      a.dnsDomain = "cluster.internal";
    },
    keys: ["cluster.network.dnsDomain"],
  },
  {
    change: "another backend of flannel",
    from: three,
    before: (b) => {
      b.podNetwork = "flannel vxlan 8472";
    },
    after: (a) => {
      a.podNetwork = "flannel host-gw";
    },
    keys: ["cluster.network"],
  },
  {
    change: "another data directory",
    from: three,
    after: (a) => {
      a.etcdDataDirectory = "/srv/etcd";
    },
    keys: ["cluster.etcd.dataDirectory"],
  },
  {
    change: "a host at another address",
    from: three,
    after: (a) => {
      host(a, "m1").address = "10.0.0.31";
    },
    keys: ["cluster.hosts.m1.address"],
  },
  {
    change: "a renamed host",
    from: three,
    after: (a) => {
      a.hosts.node1 = host(a, "w1");
      delete a.hosts.w1;
    },
    keys: ["cluster.hosts.node1"],
  },
  {
    change: "a lost host that nobody knows",
    from: three,
    after: (a) => {
      a.hosts.w9 = worker("10.0.0.29", { lost: true });
    },
    keys: ["cluster.hosts.w9.lost"],
  },
  {
    change: "a lost host found again",
    from: three,
    before: (b) => {
      host(b, "w1").lost = true;
    },
    keys: ["cluster.hosts.w1.lost"],
  },
  {
    change: "incarnation lowered",
    from: three,
    before: (b) => {
      host(b, "w1").incarnation = 3;
    },
    after: (a) => {
      host(a, "w1").incarnation = 3;
      host(a, "w1").incarnation = 2;
    },
    keys: ["cluster.hosts.w1.incarnation"],
  },
  {
    change: "another data device",
    from: three,
    after: (a) => {
      host(a, "m1").dataDevice = "/dev/sdb";
    },
    keys: ["cluster.hosts.m1.dataDevice"],
  },
  {
    change: "a worker that becomes a control plane",
    from: three,
    after: (a) => {
      host(a, "w1").roles = ["control-plane"];
    },
    keys: ["cluster.hosts.w1.roles"],
  },
  {
    change: "a worker that becomes a control plane and stays a worker",
    from: three,
    after: (a) => {
      host(a, "w1").roles = ["control-plane", "worker"];
    },
    keys: ["cluster.hosts.w1.roles"],
  },
  {
    change: "a control plane that becomes a worker",
    from: three,
    before: (b) => {
      b.hosts.m4 = member(4, ["control-plane"]);
    },
    after: (a) => {
      a.hosts.m4 = member(4, ["control-plane"]);
      host(a, "m4").roles = ["worker"];
    },
    keys: ["cluster.hosts.m4.roles"],
  },
];
