import { host, member, type RefusedChange, three, worker } from "./changes-samples.ts";

// What a cluster was born with, and single hosts.

/** Each with its exact message. */
export const refusedHosts: readonly RefusedChange[] = [
  {
    change: "another cluster name",
    from: three,
    after: (a) => {
      a.name = "other";
    },
    says: [
      'cluster.name is "other"; the last up had prod | allowed: prod | cure: put it back; for the other one, make a new stack beside this one, move the workload, and destroy this one',
    ],
  },
  {
    change: "another provider",
    from: three,
    after: (a) => {
      a.provider = "lab";
    },
    says: [
      'cluster.provider is "lab"; the last up had baremetal | allowed: baremetal | cure: put it back; for the other one, make a new stack beside this one, move the workload, and destroy this one',
    ],
  },
  {
    change: "another pod range",
    from: three,
    after: (a) => {
      a.podCidr = "10.200.0.0/16";
    },
    says: [
      'cluster.network.podCidr is "10.200.0.0/16"; the last up had 10.244.0.0/16 | allowed: 10.244.0.0/16 | cure: put it back; for the other one, make a new stack beside this one, move the workload, and destroy this one',
    ],
  },
  {
    change: "another service range",
    from: three,
    after: (a) => {
      a.serviceCidr = "10.97.0.0/16";
    },
    says: [
      'cluster.network.serviceCidr is "10.97.0.0/16"; the last up had 10.96.0.0/16 | allowed: 10.96.0.0/16 | cure: put it back; for the other one, make a new stack beside this one, move the workload, and destroy this one',
    ],
  },
  {
    change: "another DNS domain",
    from: three,
    after: (a) => {
      a.dnsDomain = "cluster.internal";
    },
    says: [
      'cluster.network.dnsDomain is "cluster.internal"; the last up had cluster.local | allowed: cluster.local | cure: put it back; for the other one, make a new stack beside this one, move the workload, and destroy this one',
    ],
  },
  {
    change: "another data directory",
    from: three,
    after: (a) => {
      a.etcdDataDirectory = "/srv/etcd";
    },
    says: [
      'cluster.etcd.dataDirectory is "/srv/etcd"; the last up had /var/lib/etcd | allowed: /var/lib/etcd | cure: put it back; to move the data, replace the members one by one by hosts with a dataDevice',
    ],
  },
  {
    change: "a host at another address",
    from: three,
    after: (a) => {
      host(a, "m1").address = "10.0.0.31";
    },
    says: [
      'cluster.hosts.m1.address is "10.0.0.31"; the last up made the host at 10.0.0.11 | allowed: 10.0.0.11 | cure: give m1 its old address and lost: true, and add a host at the new address under another name; delete m1 in the edit after',
    ],
  },
  {
    change: "a renamed host",
    from: three,
    after: (a) => {
      a.hosts.node1 = host(a, "w1");
      delete a.hosts.w1;
    },
    says: [
      "cluster.hosts.node1 has the address 10.0.0.21, which the last up gave to w1 | allowed: the name w1 for that host | cure: keep the name; or delete w1 in this edit, which resets the host, and add node1 in the next",
    ],
  },
  {
    change: "a lost host that nobody knows",
    from: three,
    after: (a) => {
      a.hosts.w9 = worker("10.0.0.29", { lost: true });
    },
    says: ["cluster.hosts.w9.lost is true, but no up has made this host | allowed: false | cure: delete the entry w9"],
  },
  {
    change: "a lost host found again",
    from: three,
    before: (b) => {
      host(b, "w1").lost = true;
    },
    says: [
      "cluster.hosts.w1.lost is false, but the last up gave the host up | allowed: true, or no entry at all | cure: reinstall the host and set incarnation: 2 in the same edit",
    ],
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
    says: ["cluster.hosts.w1.incarnation is 2; the last up had 3 | allowed: 3, or more where the host was reinstalled"],
  },
  {
    change: "another data device",
    from: three,
    after: (a) => {
      host(a, "m1").dataDevice = "/dev/sdb";
    },
    says: [
      'cluster.hosts.m1.dataDevice is "/dev/sdb"; the last up had none | allowed: nothing | cure: set incarnation: 2 too: the member leaves and joins anew with empty data',
    ],
  },
  {
    change: "a worker that becomes a control plane",
    from: three,
    after: (a) => {
      host(a, "w1").roles = ["control-plane"];
    },
    says: [
      'cluster.hosts.w1.roles is ["control-plane"]; the last up had ["worker"] | allowed: worker | cure: delete w1 in this edit, which resets the host, and add it with its new role in the next',
    ],
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
    says: [
      'cluster.hosts.m4.roles is ["worker"]; the last up had ["control-plane"] | allowed: any of etcd, balancer, control-plane | cure: delete m4 in this edit, which resets the host, and add it with its new role in the next',
    ],
  },
];
