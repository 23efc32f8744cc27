import { type Bad, bad, type Written } from "./samples.ts";

// Addresses that can't be, or that are the cluster's own inside.

const external = (address: string) => (c: Written) => {
  c.balancer = { kind: "external" };
  c.api.address = address;
  for (const name of ["m1", "m2", "m3"]) c.hosts[name].roles = ["etcd", "control-plane"];
};

/** Each with its exact message. */
export const badAddresses: readonly Bad[] = [
  ...(
    [
      ["127.0.0.0/8", "loopback"],
      ["239.0.0.0/8", "multicast"],
      ["0.0.0.0/8", "this very host"],
      ["169.254.0.0/16", "link-local"],
    ] as const
  ).map(([range, what]) =>
    bad(
      `pods in ${range}`,
      (c) => {
        c.network = { podCidr: range };
      },
      `cluster.network.podCidr is "${range}", ${what} | allowed: a range that hosts can have addresses in`,
    ),
  ),
  bad(
    "multicast Services, and a loopback network of nodes beside the real one",
    (c) => {
      c.network = { serviceCidr: "224.0.0.0/12" };
      c.nodeCidrs.push("127.0.1.0/24");
    },
    'cluster.nodeCidrs[1] is "127.0.1.0/24", loopback | allowed: a range that hosts can have addresses in',
    'cluster.network.serviceCidr is "224.0.0.0/12", multicast | allowed: a range that hosts can have addresses in',
  ),
  bad(
    "a name server that is nobody",
    (c) => {
      c.network = { nameServers: ["10.0.0.2", "0.0.0.0"] };
    },
    'cluster.network.nameServers[1] is "0.0.0.0", this very host | allowed: an address that pods can reach',
  ),
  bad(
    "the cluster's own DNS as its name server",
    (c) => {
      c.network = { nameServers: ["10.96.0.10"] };
    },
    'cluster.network.nameServers[0] is "10.96.0.10", the cluster\'s own DNS | allowed: a name server outside the cluster, which knows the names outside',
  ),
  bad(
    "a balancer of one's own in the pods' range",
    external("10.244.3.5"),
    'cluster.api.address is "10.244.3.5" | allowed: an address outside cluster.network.podCidr, 10.244.0.0/16',
  ),
  bad(
    "a balancer of one's own in the Services' range",
    external("10.96.0.5"),
    'cluster.api.address is "10.96.0.5" | allowed: an address outside cluster.network.serviceCidr, 10.96.0.0/16',
  ),
  bad(
    "a balancer of one's own that is nobody",
    external("0.0.0.0"),
    'cluster.api.address is "0.0.0.0", this very host | allowed: the address of the balancer you run',
  ),
  bad(
    "a host that SSH reaches at another one's address",
    (c) => {
      c.hosts.w2.sshAddress = "10.0.0.21";
    },
    'cluster.hosts.w2.sshAddress is "10.0.0.21", the address of host w1 | allowed: an address or port of its own: both would be made on one machine',
  ),
  bad(
    "a host that SSH reaches at the address of a later one",
    (c) => {
      c.hosts.m1.sshAddress = "10.0.0.21";
    },
    'cluster.hosts.m1.sshAddress is "10.0.0.21", the address of host w1 | allowed: an address or port of its own: both would be made on one machine',
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
    'cluster.hosts.m1.sshAddress is "10.0.0.10", cluster.api.address | allowed: an address of this host alone',
    'cluster.hosts.m2.sshAddress is "10.0.0.9", cluster.api.former.address | allowed: an address of this host alone',
    'cluster.hosts.m3.sshAddress is "0.0.0.0", this very host | allowed: an address of this host alone',
  ),
];
