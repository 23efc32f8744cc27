import type { Written } from "../../harness/samples.ts";
import { type Bad, bad } from "./bad-sample.ts";

// Addresses that can't be, or that are the cluster's own inside.

const external = (address: string) => (c: Written) => {
  c.balancer = { kind: "external" };
  c.api.address = address;
  for (const name of ["m1", "m2", "m3"]) c.hosts[name].roles = ["etcd", "control-plane"];
};

export const badAddresses: readonly Bad[] = [
  ...["127.0.0.0/8", "239.0.0.0/8", "0.0.0.0/8", "169.254.0.0/16"].map((range) =>
    bad(
      `pods in ${range}`,
      (c) => {
        c.network = { podCidr: range };
      },
      "cluster.network.podCidr",
    ),
  ),
  bad(
    "multicast Services, and a loopback network of nodes beside the real one",
    (c) => {
      c.network = { serviceCidr: "224.0.0.0/12" };
      c.nodeCidrs.push("127.0.1.0/24");
    },
    "cluster.nodeCidrs[1]",
    "cluster.network.serviceCidr",
  ),
  bad(
    "a name server that is nobody",
    (c) => {
      c.network = { nameServers: ["10.0.0.2", "0.0.0.0"] };
    },
    "cluster.network.nameServers[1]",
  ),
  bad(
    "the cluster's own DNS as its name server",
    (c) => {
      c.network = { nameServers: ["10.96.0.10"] };
    },
    "cluster.network.nameServers[0]",
  ),
  bad("a balancer of one's own in the pods' range", external("10.244.3.5"), "cluster.api.address"),
  bad("a balancer of one's own in the Services' range", external("10.96.0.5"), "cluster.api.address"),
  bad("a balancer of one's own that is nobody", external("0.0.0.0"), "cluster.api.address"),
  bad(
    "a host that SSH reaches at another one's address",
    (c) => {
      c.hosts.w2.sshAddress = "10.0.0.21";
    },
    "cluster.hosts.w2.sshAddress",
  ),
  bad(
    "hosts that SSH reaches at one address by the same bastion; by another one it may be another machine",
    (c) => {
      const hostKey = c.hosts.w1.hostKey;
      c.ssh = { ...c.ssh, bastion: { host: "192.0.2.1", hostKey }, bastions: { berlin: { host: "192.0.2.2", hostKey } } };
      for (const n of ["w1", "w2", "m3"]) c.hosts[n].sshAddress = "127.0.0.1";
      c.hosts.m3.sshBastion = "berlin";
    },
    "cluster.hosts.w2.sshAddress",
  ),
  bad(
    "a host that SSH reaches at the address of a later one",
    (c) => {
      c.hosts.m1.sshAddress = "10.0.0.21";
    },
    "cluster.hosts.m1.sshAddress",
  ),
  bad(
    "SSH to the virtual IP, the one before it and to nobody",
    (c) => {
      c.api.former = { address: "10.0.0.9" };
      c.hosts.m1.sshAddress = "10.0.0.10";
      c.hosts.m2.sshAddress = "10.0.0.9";
      c.hosts.m3.sshAddress = "0.0.0.0";
      c.hosts.w1.sshAddress = "127.0.0.1";
    },
    "cluster.hosts.m1.sshAddress",
    "cluster.hosts.m2.sshAddress",
    "cluster.hosts.m3.sshAddress",
  ),
];
