import { hostKeyOf, metal, type Written } from "./samples.ts";

/** A config that is taken with a word. */
export interface Warned {
  of: string;
  from: () => Written;
  edit: (config: Written) => void;
  /** Every warning, in order, its lines joined by " | ". */
  says: readonly string[];
}

/** One on metal. */
export const word = (of: string, edit: (config: Written) => void, ...says: string[]): Warned => ({ of, from: metal, edit, says });

const external = (address: string) => (c: Written) => {
  c.balancer = { kind: "external" };
  c.api.address = address;
  for (const name of ["m1", "m2", "m3"]) c.hosts[name].roles = ["etcd", "control-plane"];
};

const hostKey = metal().hosts.m1.hostKey;
const outside = (key: string, address: string, range: string) => `${key} is "${address}" | allowed: an address outside ${range}`;
const pods = "cluster.network.podCidr, 10.244.0.0/16";
const services = "cluster.network.serviceCidr, 10.96.0.0/16";

/** Each with its exact words. */
export const warnedAddresses: readonly Warned[] = [
  word(
    "what is outside the cluster, by its address inside",
    (c) => {
      c.network = { nameServers: ["10.0.0.2", "10.96.9.9"] };
      c.ssh = { bastion: { host: "10.244.0.7", hostKey } };
      c.etcd = { backup: { copyToSsh: { host: "10.96.0.20", user: "backup", directory: "/srv/etcd", hostKey } } };
      c.hosts.w1.sshAddress = "10.244.1.21";
    },
    outside("cluster.network.nameServers[1]", "10.96.9.9", services),
    outside("cluster.ssh.bastion.host", "10.244.0.7", pods),
    outside("cluster.etcd.backup.copyToSsh.host", "10.96.0.20", services),
    outside("cluster.hosts.w1.sshAddress", "10.244.1.21", pods),
  ),
  word(
    "addresses at the ends of their range",
    (c) => {
      c.hosts.w1.address = "10.0.0.0";
      c.api.address = "10.0.0.255";
    },
    'cluster.hosts.w1.address is "10.0.0.0", an end of 10.0.0.0/24 | allowed: an address between the range\'s ends',
    'cluster.api.address is "10.0.0.255", an end of 10.0.0.0/24 | allowed: an address between the range\'s ends',
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
    'cluster.api.address is "10.0.1.10" in 10.0.1.0/24, where no host of role balancer is | allowed: an address of the balancers\' own network',
  ),
  word(
    "one control plane in the place of a balancer",
    external("10.0.0.11"),
    "cluster.api.address is \"10.0.0.11\", host m1's own: the API is lost with it | allowed: a balancer's address",
  ),
  word(
    "a balancer on each host itself",
    external("127.0.0.1"),
    'cluster.api.address is "127.0.0.1" | allowed: a loopback address only with a balancer of yours on every host',
  ),
  word(
    "the API as a name server",
    (c) => {
      c.network = { nameServers: ["10.0.0.10"] };
    },
    "cluster.network.nameServers has 10.0.0.10, the API's address | allowed: addresses of name servers",
  ),
  word(
    "four name servers",
    (c) => {
      c.network = { nameServers: ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"] };
    },
    "cluster.network.nameServers has 4 addresses | allowed: at most 3: pods that look up by themselves take no more",
  ),
  word(
    "pods' range that is full",
    (c) => {
      c.network = { podCidr: "10.244.0.0/21" };
      for (const n of [3, 4, 5])
        c.hosts[`w${n}`] = { ...c.hosts.w1, address: `10.0.0.2${n}`, hostKey: hostKeyOf(`10.0.0.2${n}`) };
    },
    'cluster.network.podCidr is "10.244.0.0/21", full with 8 nodes | allowed: a larger range; it can\'t be changed later, and a replaced host needs one more',
  ),
];
