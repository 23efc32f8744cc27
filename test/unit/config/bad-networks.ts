import type { Bad } from "./samples.ts";
import { lab, metal } from "./samples.ts";

// Addresses, ranges, names and ports.

/** Each with its exact message. */
export const badNetworks: readonly Bad[] = [
  {
    mistake: "two hosts at one address",
    from: metal,
    edit: (c) => {
      c.hosts.w2.address = "10.0.0.21";
    },
    says: ['cluster.hosts.w2.address is "10.0.0.21", as is that of w1 | allowed: an address of its own'],
  },
  {
    mistake: "host outside nodeCidrs",
    from: metal,
    edit: (c) => {
      c.hosts.w2.address = "10.1.0.22";
    },
    says: ['cluster.hosts.w2.address is "10.1.0.22" | allowed: an address in cluster.nodeCidrs: 10.0.0.0/24'],
  },
  {
    mistake: "no nodeCidrs",
    from: metal,
    edit: (c) => {
      c.nodeCidrs = [];
    },
    says: ["cluster.nodeCidrs is [] | allowed: at least one IPv4 range"],
  },
  {
    mistake: "range with a host part",
    from: metal,
    edit: (c) => {
      c.nodeCidrs = ["10.0.0.7/24"];
    },
    says: ['cluster.nodeCidrs[0] is "10.0.0.7/24" | allowed: a range whose host part is zero: 10.0.0.0/24'],
  },
  {
    mistake: "virtual IP missing",
    from: metal,
    edit: (c) => {
      delete c.api.address;
    },
    says: [
      "cluster.api.address is missing | allowed: a free address that becomes the virtual IP, or that of the balancer you run",
    ],
  },
  {
    mistake: "virtual IP of a host",
    from: metal,
    edit: (c) => {
      c.api.address = "10.0.0.11";
    },
    says: [
      'cluster.api.address is "10.0.0.11", the address of host m1 | allowed: an address that no host has; it moves between the balancers',
    ],
  },
  {
    mistake: "virtual IP outside nodeCidrs",
    from: metal,
    edit: (c) => {
      c.api.address = "10.1.0.10";
    },
    says: ['cluster.api.address is "10.1.0.10" | allowed: an address in cluster.nodeCidrs: 10.0.0.0/24'],
  },
  {
    mistake: "virtual IP that ends in 0",
    from: metal,
    edit: (c) => {
      c.nodeCidrs = ["10.0.0.0/23"];
      c.api.address = "10.0.1.0";
    },
    says: [
      "cluster.balancer.virtualRouterId is missing | allowed: a number from 1 to 255, because the last byte of cluster.api.address 10.0.1.0 is 0",
    ],
  },
  {
    mistake: "pods overlap nodes",
    from: metal,
    edit: (c) => {
      c.network = { podCidr: "10.0.0.0/16" };
    },
    says: [
      'cluster.network.podCidr is "10.0.0.0/16" | allowed: a range that shares no address with cluster.nodeCidrs[0], 10.0.0.0/24',
    ],
  },
  {
    mistake: "services overlap pods",
    from: metal,
    edit: (c) => {
      c.network = { serviceCidr: "10.244.128.0/20" };
    },
    says: [
      'cluster.network.serviceCidr is "10.244.128.0/20" | allowed: a range that shares no address with cluster.network.podCidr, 10.244.0.0/16',
    ],
  },
  {
    mistake: "pod range too small",
    from: metal,
    edit: (c) => {
      c.network = { podCidr: "10.244.0.0/22" };
    },
    says: ['cluster.network.podCidr is "10.244.0.0/22" | allowed: a range with a /24 for each of the 5 nodes: /21 or larger'],
  },
  {
    mistake: "pod range out of bounds",
    from: metal,
    edit: (c) => {
      c.network = { podCidr: "172.16.0.0/25" };
    },
    says: ['cluster.network.podCidr is "172.16.0.0/25" | allowed: a range from /8 to /24; a /24 of it goes to each node'],
  },
  {
    mistake: "service range too large",
    from: metal,
    edit: (c) => {
      c.network = { serviceCidr: "11.0.0.0/8" };
    },
    says: ['cluster.network.serviceCidr is "11.0.0.0/8" | allowed: a range from /12 to /28'],
  },
  {
    mistake: "service range too small",
    from: metal,
    edit: (c) => {
      c.network = { serviceCidr: "10.96.0.0/29" };
    },
    says: ['cluster.network.serviceCidr is "10.96.0.0/29" | allowed: a range from /12 to /28'],
  },
  {
    mistake: "loopback name server",
    from: metal,
    edit: (c) => {
      c.network = { nameServers: ["127.0.0.53"] };
    },
    says: ['cluster.network.nameServers[0] is "127.0.0.53", loopback | allowed: an address that pods can reach'],
  },
  {
    mistake: "upper-case DNS domain",
    from: metal,
    edit: (c) => {
      c.network = { dnsDomain: "Cluster.local" };
    },
    says: ['cluster.network.dnsDomain is "Cluster.local" | allowed: a domain name such as cluster.local, in lower case'],
  },
  {
    mistake: "API name without a dot",
    from: metal,
    edit: (c) => {
      c.api.domainName = "api";
    },
    says: [
      'cluster.api.domainName is "api" | allowed: a domain name of two or more parts such as api.dev.internal, in lower case',
    ],
  },
  {
    mistake: "API name in the cluster's domain",
    from: metal,
    edit: (c) => {
      c.api.domainName = "api.cluster.local";
    },
    says: ['cluster.api.domainName is "api.cluster.local" | allowed: a name outside cluster.network.dnsDomain, cluster.local'],
  },
  {
    mistake: "API port of the apiserver",
    from: metal,
    edit: (c) => {
      c.api.port = 6443;
    },
    says: [
      "cluster.api.port is 6443, the port of kube-apiserver on m1, m2, m3 | allowed: a port that nothing else on the balancers' hosts takes",
    ],
  },
  {
    mistake: "API port out of range",
    from: metal,
    edit: (c) => {
      c.api.port = 70000;
    },
    says: ["cluster.api.port is 70000 | allowed: a whole number from 1 to 65535"],
  },
  {
    mistake: "port as text",
    from: metal,
    edit: (c) => {
      c.api.port = "8443";
    },
    says: ['cluster.api.port is "8443" | allowed: a whole number from 1 to 65535'],
  },
  {
    mistake: "statistics port of etcd",
    from: metal,
    edit: (c) => {
      c.balancer = { statisticsPort: 2379 };
    },
    says: [
      "cluster.balancer.statisticsPort is 2379, the port of etcd on m1, m2, m3 | allowed: a port that nothing else on the balancers' hosts takes",
    ],
  },
  {
    mistake: "statistics port of sshd",
    from: metal,
    edit: (c) => {
      c.balancer = { statisticsPort: 22 };
    },
    says: [
      "cluster.balancer.statisticsPort is 22, the port of sshd on m1, m2, m3 | allowed: a port that nothing else on the balancers' hosts takes",
    ],
  },
  {
    mistake: "one port twice",
    from: metal,
    edit: (c) => {
      c.balancer = { statisticsPort: 8443 };
    },
    says: ["cluster.balancer.statisticsPort is 8443, as is cluster.api.port | allowed: another port than cluster.api.port"],
  },
  {
    mistake: "lab host at the machine's address",
    from: lab,
    edit: (c) => {
      c.hosts.m1.address = "10.0.0.1";
    },
    says: [
      'cluster.hosts.m1.address is "10.0.0.1" | allowed: an address from 10.0.0.2 to 10.0.0.254: in cluster.lab.subnet, not the machine\'s own',
    ],
  },
  {
    mistake: "lab host outside the subnet",
    from: lab,
    edit: (c) => {
      c.hosts.m1.address = "10.0.1.11";
    },
    says: [
      'cluster.hosts.m1.address is "10.0.1.11" | allowed: an address from 10.0.0.2 to 10.0.0.254: in cluster.lab.subnet, not the machine\'s own',
    ],
  },
  {
    mistake: "lab subnet outside nodeCidrs",
    from: lab,
    edit: (c) => {
      c.nodeCidrs = ["10.1.0.0/24"];
    },
    says: ['cluster.nodeCidrs is ["10.1.0.0/24"] | allowed: a list with a range that holds cluster.lab.subnet, 10.0.0.0/24'],
  },
  {
    mistake: "lab subnet too large",
    from: lab,
    edit: (c) => {
      c.lab.subnet = "10.0.0.0/8";
      c.nodeCidrs = ["10.0.0.0/8"];
      c.network = { podCidr: "172.16.0.0/16", serviceCidr: "172.17.0.0/16" };
    },
    says: ['cluster.lab.subnet is "10.0.0.0/8" | allowed: a range from /16 to /28'],
  },
];
