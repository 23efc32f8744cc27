import { hostKeyOf, metal, type Written } from "../../harness/samples.ts";

/** A config that is taken with a word. */
export interface Warned {
  of: string;
  from: () => Written;
  edit: (config: Written) => void;
  /** The key of every warning, in order; test/golden/config-messages.txt has their texts. */
  keys: readonly string[];
}

/** One on metal. */
export const word = (of: string, edit: (config: Written) => void, ...keys: string[]): Warned => ({ of, from: metal, edit, keys });

const external = (address: string) => (c: Written) => {
  c.balancer = { kind: "external" };
  c.api.address = address;
  for (const name of ["m1", "m2", "m3"]) c.hosts[name].roles = ["etcd", "control-plane"];
};

const hostKey = metal().hosts.m1.hostKey;
export const warnedAddresses: readonly Warned[] = [
  word(
    "bastions that lead to no host",
    (c) => {
      c.ssh = {
        bastion: { host: "gate.example.com", hostKey },
        bastions: { used: { host: "a.example.com", hostKey }, idle: { host: "b.example.com", hostKey, through: "used" } },
      };
      for (const host of Object.values<Written>(c.hosts)) host.sshBastion = "used";
    },
    "cluster.ssh.bastion",
    "cluster.ssh.bastions.idle",
  ),
  word(
    "an outside service with an address inside the cluster",
    (c) => {
      c.network = { nameServers: ["10.0.0.2", "10.96.9.9"] };
      c.ssh = { bastion: { host: "10.244.0.7", hostKey } };
      c.etcd = { backup: { copyToSsh: { host: "10.96.0.20", user: "backup", directory: "/srv/etcd", hostKey } } };
      c.hosts.w1.sshAddress = "10.244.1.21";
    },
    "cluster.network.nameServers[1]",
    "cluster.ssh.bastion.host",
    "cluster.etcd.backup.copyToSsh.host",
    "cluster.hosts.w1.sshAddress",
  ),
  word(
    "addresses at the ends of their range",
    (c) => {
      c.hosts.w1.address = "10.0.0.0";
      c.api.address = "10.0.0.255";
    },
    "cluster.hosts.w1.address",
    "cluster.api.address",
  ),
  word("ends of a range of two, which are both hosts", (c) => {
    c.nodeCidrs.push("10.0.1.2/31");
    c.hosts.w1.address = "10.0.1.2";
    c.hosts.w2.address = "10.0.1.3";
  }),
  word(
    "a virtual IP where no balancer is",
    (c) => {
      c.nodeCidrs.push("10.0.1.0/24");
      c.api.address = "10.0.1.10";
    },
    "cluster.api.address",
  ),
  word("a virtual IP in a network where balancers have an interface", (c) => {
    c.nodeCidrs.push("10.0.1.0/24");
    c.api.address = "10.0.1.10";
    c.balancer = { interface: "eth1" };
  }),
  word("one control plane in the place of a balancer", external("10.0.0.11"), "cluster.api.address"),
  word("a balancer on each host itself", external("127.0.0.1"), "cluster.api.address"),
  word(
    "the API as a name server",
    (c) => {
      c.network = { nameServers: ["10.0.0.10"] };
    },
    "cluster.network.nameServers",
  ),
  word(
    "four name servers",
    (c) => {
      c.network = { nameServers: ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"] };
    },
    "cluster.network.nameServers",
  ),
  word(
    "pods' range that is full",
    (c) => {
      c.network = { podCidr: "10.244.0.0/21" };
      for (const n of [3, 4, 5])
        c.hosts[`w${n}`] = { ...c.hosts.w1, address: `10.0.0.2${n}`, hostKey: hostKeyOf(`10.0.0.2${n}`) };
    },
    "cluster.network.podCidr",
  ),
];
