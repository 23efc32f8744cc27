import type { Bad } from "./samples.ts";
import { lab, master, metal } from "./samples.ts";

// Roles, counts, pools and access.

/** Each with its exact message. */
export const badHosts: readonly Bad[] = [
  {
    mistake: "unknown role",
    from: metal,
    edit: (c) => {
      c.hosts.w1.roles = ["node"];
    },
    says: ['cluster.hosts.w1.roles[0] is "node"; did you mean worker? | allowed: one of etcd, balancer, control-plane, worker'],
  },
  {
    mistake: "no roles",
    from: metal,
    edit: (c) => {
      c.hosts.w1.roles = [];
    },
    says: ["cluster.hosts.w1.roles is [] | allowed: at least one role"],
  },
  {
    mistake: "role twice",
    from: metal,
    edit: (c) => {
      c.hosts.m1.roles = ["etcd", "etcd", "balancer", "control-plane"];
    },
    says: ['cluster.hosts.m1.roles is ["etcd","etcd","balancer","control-plane"] | allowed: each role once'],
  },
  {
    mistake: "worker with another role",
    from: metal,
    edit: (c) => {
      c.hosts.w1.roles = ["worker", "balancer"];
    },
    says: [
      'cluster.hosts.w1.roles is ["worker","balancer"] | allowed: worker alone, or any of etcd, balancer, control-plane | cure: control planes run a kubelet anyway; take worker or the others away',
    ],
  },
  {
    mistake: "even etcd",
    from: metal,
    edit: (c) => {
      c.hosts.m4 = master(4);
    },
    says: [
      "cluster.hosts has 4 hosts of role etcd: m1, m2, m3, m4 | allowed: 3 or 5 hosts of role etcd (1 with cluster.etcd.throwAway: true) | cure: add one or take one away: an even number survives no more failures than the odd number below it",
    ],
  },
  {
    mistake: "one etcd",
    from: metal,
    edit: (c) => {
      c.hosts.m2.roles = c.hosts.m3.roles = ["balancer", "control-plane"];
    },
    says: [
      "cluster.hosts has 1 host of role etcd: m1 | allowed: 3 or 5 hosts of role etcd (1 with cluster.etcd.throwAway: true) | cure: add two, or set cluster.etcd.throwAway: true where the cluster may be lost with that host",
    ],
  },
  {
    mistake: "seven etcd",
    from: metal,
    edit: (c) => {
      for (const n of [4, 5, 6, 7]) c.hosts[`m${n}`] = master(n);
    },
    says: [
      "cluster.hosts has 7 hosts of role etcd: m1, m2, m3, m4, m5, m6, m7 | allowed: 3 or 5 hosts of role etcd (1 with cluster.etcd.throwAway: true) | cure: keep 5: every write waits for a majority, so more members are slower, not safer",
    ],
  },
  {
    mistake: "no etcd",
    from: metal,
    edit: (c) => {
      for (const n of ["m1", "m2", "m3"]) c.hosts[n].roles = ["balancer", "control-plane"];
    },
    says: [
      "cluster.hosts has 0 hosts of role etcd | allowed: 3 or 5 hosts of role etcd (1 with cluster.etcd.throwAway: true) | cure: give 3 hosts the role etcd",
    ],
  },
  {
    mistake: "etcd quorum lost",
    from: metal,
    edit: (c) => {
      c.hosts.m1.lost = c.hosts.m2.lost = true;
    },
    says: [
      "cluster.hosts has lost 2 of 3 hosts of role etcd: m1, m2 | allowed: at most 1 lost, so that a majority is left | cure: bring one of them back; without a majority etcd can only be restored from a snapshot",
    ],
  },
  {
    mistake: "two control planes",
    from: metal,
    edit: (c) => {
      c.hosts.m3.roles = ["etcd"];
    },
    says: [
      "cluster.hosts has 2 hosts of role control-plane: m1, m2 | allowed: 3 or more hosts of role control-plane (1 with cluster.etcd.throwAway: true)",
    ],
  },
  {
    mistake: "one balancer",
    from: metal,
    edit: (c) => {
      c.hosts.m2.roles = c.hosts.m3.roles = ["etcd", "control-plane"];
    },
    says: [
      "cluster.hosts has 1 host of role balancer: m1 | allowed: 2 or more hosts of role balancer (1 with cluster.etcd.throwAway: true) | cure: give the role to two control planes, or set cluster.balancer.kind: external",
    ],
  },
  {
    mistake: "all balancers lost",
    from: metal,
    edit: (c) => {
      c.hosts.m2.roles = c.hosts.m3.roles = ["etcd", "control-plane"];
      c.hosts.w1 = { ...c.hosts.w1, roles: ["balancer"], pool: undefined, lost: true };
      c.hosts.m1.lost = true;
    },
    says: ["cluster.hosts has lost every host of role balancer: m1, w1 | allowed: at least one that is not lost"],
  },
  {
    mistake: "balancers beside an external one",
    from: metal,
    edit: (c) => {
      c.balancer = { kind: "external" };
    },
    says: [
      "cluster.hosts has 3 hosts of role balancer: m1, m2, m3 | allowed: none, because cluster.balancer.kind is external | cure: take the role away, or set cluster.balancer.kind: haproxy",
    ],
  },
  {
    mistake: "pool missing",
    from: metal,
    edit: (c) => {
      delete c.hosts.w1.pool;
    },
    says: ["cluster.hosts.w1.pool is missing | allowed: a pool of cluster.pools: general"],
  },
  {
    mistake: "pool missing and none defined",
    from: metal,
    edit: (c) => {
      c.pools = {};
      delete c.hosts.w1.pool;
      delete c.hosts.w2;
    },
    says: ["cluster.hosts.w1.pool is missing | allowed: a pool of cluster.pools | cure: add it, such as pools: { general: {} }"],
  },
  {
    mistake: "mistyped pool",
    from: metal,
    edit: (c) => {
      c.hosts.w1.pool = "genral";
    },
    says: ['cluster.hosts.w1.pool is "genral", which cluster.pools doesn\'t have | allowed: a pool of cluster.pools: general'],
  },
  {
    mistake: "pool on a control plane",
    from: metal,
    edit: (c) => {
      c.hosts.m1.pool = "general";
    },
    says: ['cluster.hosts.m1.pool is "general" on a host that is no worker | allowed: no pool, or the role worker'],
  },
  {
    mistake: "host key missing",
    from: metal,
    edit: (c) => {
      delete c.hosts.w1.hostKey;
    },
    says: [
      "cluster.hosts.w1.hostKey is missing | allowed: the host's public SSH key, which proves that it is that host | cure: read it on the host from /etc/ssh/ssh_host_ed25519_key.pub, or compare what ssh-keyscan -t ed25519 10.0.0.21 prints",
    ],
  },
  {
    mistake: "host key that is cut off",
    from: metal,
    edit: (c) => {
      c.hosts.w1.hostKey = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7";
    },
    says: [
      'cluster.hosts.w1.hostKey is "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7" | allowed: the whole line: this key is cut off or changed. Copy it again from the host\'s /etc/ssh/ssh_host_*_key.pub',
    ],
  },
  {
    mistake: "host key under another kind's name",
    from: metal,
    edit: (c) => {
      c.hosts.w1.hostKey = c.hosts.w1.hostKey.replace("ssh-ed25519", "ecdsa-sha2-nistp256");
    },
    says: [
      "cluster.hosts.w1.hostKey is \"ecdsa-sha2-nistp256 AAAAC3NzaC1lZDI1NTE5AAAAILazsoQAeaSgY1daWE9BKWM1/nIzGBCYAuq… | allowed: a line whose first word names the key's kind: this key's is ssh-ed25519",
    ],
  },
  {
    mistake: "bastion without a host key",
    from: metal,
    edit: (c) => {
      c.ssh = { bastion: { host: "gate.example.com" } };
    },
    says: [
      "cluster.ssh.bastion.hostKey is missing | allowed: the host's public SSH key, which proves that it is that host | cure: read it on the host from /etc/ssh/ssh_host_ed25519_key.pub, or compare what ssh-keyscan -t ed25519 gate.example.com prints",
    ],
  },
  {
    mistake: "two local hosts",
    from: metal,
    edit: (c) => {
      for (const n of ["m1", "m2"]) {
        c.hosts[n].connection = "local";
        delete c.hosts[n].hostKey;
      }
    },
    says: [
      'cluster.hosts.m2.connection is "local", as is that of m1 | allowed: local for one host: the machine that runs this program',
    ],
  },
  {
    mistake: "local host with SSH settings",
    from: metal,
    edit: (c) => {
      c.hosts.m1.connection = "local";
    },
    says: [
      "cluster.hosts.m1.hostKey is \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIItRuuposYcQ3R0/+9bISBblJ8tIW661j/QlL9xWMN6… | allowed: nothing, because the host's connection is local",
    ],
  },
  {
    mistake: "local host in the lab",
    from: lab,
    edit: (c) => {
      c.hosts.m1.connection = "local";
    },
    says: ['cluster.hosts.m1.connection is "local" | allowed: ssh, because the lab makes its hosts'],
  },
  {
    mistake: "SSH settings in the lab",
    from: lab,
    edit: (c) => {
      c.hosts.m1.sshPort = 2222;
    },
    says: ["cluster.hosts.m1.sshPort is 2222 | allowed: nothing, because the lab sets it"],
  },
  {
    mistake: "data device on a worker",
    from: metal,
    edit: (c) => {
      c.hosts.w1.dataDevice = "/dev/sdb";
    },
    says: ['cluster.hosts.w1.dataDevice is "/dev/sdb" | allowed: nothing, because the host doesn\'t have the role etcd'],
  },
  {
    mistake: "lab without its settings",
    from: lab,
    edit: (c) => {
      delete c.lab;
    },
    says: [
      "cluster.lab is missing | allowed: the lab's settings, because cluster.provider is lab | cure: such as lab: { subnet: 10.77.0.0/24 }",
    ],
  },
  {
    mistake: "lab settings on metal",
    from: metal,
    edit: (c) => {
      c.lab = { subnet: "10.0.0.0/24" };
    },
    says: ['cluster.lab is {"subnet":"10.0.0.0/24","sshUser":"root"} | allowed: nothing, because cluster.provider is baremetal'],
  },
];
