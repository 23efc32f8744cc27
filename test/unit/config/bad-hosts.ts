import { lab, metal, oneMore } from "../../harness/samples.ts";
import type { Bad } from "./bad-sample.ts";

// Roles, counts, pools and access.

export const badHosts: readonly Bad[] = [
  {
    mistake: "unknown role",
    from: metal,
    edit: (c) => {
      c.hosts.w1.roles = ["node"];
    },
    keys: ["cluster.hosts.w1.roles[0]"],
  },
  {
    mistake: "no roles",
    from: metal,
    edit: (c) => {
      c.hosts.w1.roles = [];
    },
    keys: ["cluster.hosts.w1.roles"],
  },
  {
    mistake: "role twice",
    from: metal,
    edit: (c) => {
      c.hosts.m1.roles = ["etcd", "etcd", "balancer", "control-plane"];
    },
    keys: ["cluster.hosts.m1.roles"],
  },
  {
    mistake: "worker with another role",
    from: metal,
    edit: (c) => {
      c.hosts.w1.roles = ["worker", "balancer"];
    },
    keys: ["cluster.hosts.w1.roles"],
  },
  {
    mistake: "worker with etcd",
    from: metal,
    edit: (c) => {
      c.hosts.m3.roles = ["etcd", "balancer", "worker"];
    },
    keys: ["cluster.hosts.m3.roles", "cluster.hosts.m3.pool"],
  },
  {
    mistake: "a control plane that is a worker, in no pool that exists",
    from: metal,
    edit: (c) => {
      c.hosts.m3.roles.push("worker");
      c.hosts.m3.pool = "general-2";
    },
    keys: ["cluster.hosts.m3.pool"],
  },
  {
    mistake: "even etcd",
    from: metal,
    edit: (c) => {
      c.hosts.m4 = oneMore(4);
    },
    keys: ["cluster.hosts"],
  },
  {
    mistake: "one etcd",
    from: metal,
    edit: (c) => {
      c.hosts.m2.roles = c.hosts.m3.roles = ["balancer", "control-plane"];
    },
    keys: ["cluster.hosts"],
  },
  {
    mistake: "seven etcd",
    from: metal,
    edit: (c) => {
      for (const n of [4, 5, 6, 7]) c.hosts[`m${n}`] = oneMore(n);
    },
    keys: ["cluster.hosts"],
  },
  {
    mistake: "no etcd",
    from: metal,
    edit: (c) => {
      for (const n of ["m1", "m2", "m3"]) c.hosts[n].roles = ["balancer", "control-plane"];
    },
    keys: ["cluster.hosts"],
  },
  {
    mistake: "etcd quorum lost",
    from: metal,
    edit: (c) => {
      c.hosts.m1.lost = c.hosts.m2.lost = true;
    },
    keys: ["cluster.hosts"],
  },
  {
    mistake: "one control plane",
    from: metal,
    edit: (c) => {
      c.hosts.m2.roles = c.hosts.m3.roles = ["etcd", "balancer"];
    },
    keys: ["cluster.hosts"],
  },
  {
    mistake: "one balancer",
    from: metal,
    edit: (c) => {
      c.hosts.m2.roles = c.hosts.m3.roles = ["etcd", "control-plane"];
    },
    keys: ["cluster.hosts"],
  },
  {
    mistake: "all balancers lost",
    from: metal,
    edit: (c) => {
      c.hosts.m2.roles = c.hosts.m3.roles = ["etcd", "control-plane"];
      c.hosts.w1 = { ...c.hosts.w1, roles: ["balancer"], pool: undefined, lost: true };
      c.hosts.m1.lost = true;
    },
    keys: ["cluster.hosts"],
  },
  {
    mistake: "balancers beside an external one",
    from: metal,
    edit: (c) => {
      c.balancer = { kind: "external" };
    },
    keys: ["cluster.hosts"],
  },
  {
    mistake: "pool missing",
    from: metal,
    edit: (c) => {
      delete c.hosts.w1.pool;
    },
    keys: ["cluster.hosts.w1.pool"],
  },
  {
    mistake: "pool missing and none defined",
    from: metal,
    edit: (c) => {
      c.pools = {};
      delete c.hosts.w1.pool;
      delete c.hosts.w2;
    },
    keys: ["cluster.hosts.w1.pool"],
  },
  {
    mistake: "mistyped pool",
    from: metal,
    edit: (c) => {
      c.hosts.w1.pool = "genral";
    },
    keys: ["cluster.hosts.w1.pool"],
  },
  {
    mistake: "pool on a control plane",
    from: metal,
    edit: (c) => {
      c.hosts.m1.pool = "general";
    },
    keys: ["cluster.hosts.m1.pool"],
  },
  {
    mistake: "host key missing",
    from: metal,
    edit: (c) => {
      delete c.hosts.w1.hostKey;
    },
    keys: ["cluster.hosts.w1.hostKey"],
  },
  {
    mistake: "host key that is cut off",
    from: metal,
    edit: (c) => {
      c.hosts.w1.hostKey = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7";
    },
    keys: ["cluster.hosts.w1.hostKey"],
  },
  {
    mistake: "host key under another kind's name",
    from: metal,
    edit: (c) => {
      c.hosts.w1.hostKey = c.hosts.w1.hostKey.replace("ssh-ed25519", "ecdsa-sha2-nistp256");
    },
    keys: ["cluster.hosts.w1.hostKey"],
  },
  {
    mistake: "bastion without a host key",
    from: metal,
    edit: (c) => {
      c.ssh = { bastion: { host: "gate.example.com" } };
    },
    keys: ["cluster.ssh.bastion.hostKey"],
  },
  {
    mistake: "bastions without a name, in a circle, with a host's name and without a key",
    from: metal,
    edit: (c) => {
      const hostKey = c.hosts.m1.hostKey;
      c.ssh = {
        bastion: { host: "gate.example.com", hostKey, through: "innner" },
        bastions: {
          inner: { host: "10.0.9.1", hostKey, through: "outer" },
          outer: { host: "10.0.9.2", hostKey, through: "inner" },
          w1: { host: "10.0.9.3" },
        },
      };
      c.hosts.w1.sshBastion = "bastion";
      c.hosts.w2.sshBastion = "nowhere";
    },
    keys: [
      "cluster.ssh.bastions.w1.hostKey",
      "cluster.ssh.bastions.w1",
      "cluster.ssh.bastion.through",
      "cluster.ssh.bastions.inner.through",
      "cluster.ssh.bastions.outer.through",
      "cluster.hosts.w2.sshBastion",
    ],
  },
  {
    mistake: "sudo by a key where SSH decides, and a bastion on the way to this machine",
    from: metal,
    edit: (c) => {
      c.hosts.m1.sudo = true;
      Object.assign(c.hosts.m2, { connection: "local", sshBastion: "none" });
      delete c.hosts.m2.hostKey;
    },
    keys: ["cluster.hosts.m2.sshBastion", "cluster.hosts.m1.sudo"],
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
    keys: ["cluster.hosts.m2.connection"],
  },
  {
    mistake: "local host with SSH settings",
    from: metal,
    edit: (c) => {
      c.hosts.m1.connection = "local";
    },
    keys: ["cluster.hosts.m1.hostKey"],
  },
  {
    mistake: "local host in the lab",
    from: lab,
    edit: (c) => {
      c.hosts.m1.connection = "local";
    },
    keys: ["cluster.hosts.m1.connection"],
  },
  {
    mistake: "SSH settings in the lab",
    from: lab,
    edit: (c) => {
      c.hosts.m1.sshPort = 2222;
    },
    keys: ["cluster.hosts.m1.sshPort"],
  },
  {
    mistake: "data device on a worker",
    from: metal,
    edit: (c) => {
      c.hosts.w1.dataDevice = "/dev/sdb";
    },
    keys: ["cluster.hosts.w1.dataDevice"],
  },
  {
    mistake: "lab without its settings",
    from: lab,
    edit: (c) => {
      delete c.lab;
    },
    keys: ["cluster.lab"],
  },
  {
    mistake: "lab settings on metal",
    from: metal,
    edit: (c) => {
      c.lab = { subnet: "10.0.0.0/24" };
    },
    keys: ["cluster.lab"],
  },
];
