import { lab, metal } from "../../harness/samples.ts";
import type { Bad } from "./bad-sample.ts";

// Addresses, ranges, names and ports.

export const badNetworks: readonly Bad[] = [
  {
    mistake: "two hosts at one address",
    from: metal,
    edit: (c) => {
      c.hosts.w2.address = "10.0.0.21";
    },
    keys: ["cluster.hosts.w2.address"],
  },
  {
    mistake: "host outside nodeCidrs",
    from: metal,
    edit: (c) => {
      c.hosts.w2.address = "10.1.0.22";
    },
    keys: ["cluster.hosts.w2.address"],
  },
  {
    mistake: "no nodeCidrs",
    from: metal,
    edit: (c) => {
      c.nodeCidrs = [];
    },
    keys: ["cluster.nodeCidrs"],
  },
  {
    mistake: "range with a host part",
    from: metal,
    edit: (c) => {
      c.nodeCidrs = ["10.0.0.7/24"];
    },
    keys: ["cluster.nodeCidrs[0]"],
  },
  {
    mistake: "virtual IP missing",
    from: metal,
    edit: (c) => {
      delete c.api.address;
    },
    keys: ["cluster.api.address"],
  },
  {
    mistake: "virtual IP of a host",
    from: metal,
    edit: (c) => {
      c.api.address = "10.0.0.11";
    },
    keys: ["cluster.api.address"],
  },
  {
    mistake: "virtual IP outside nodeCidrs",
    from: metal,
    edit: (c) => {
      c.api.address = "10.1.0.10";
    },
    keys: ["cluster.api.address"],
  },
  {
    mistake: "virtual IP that ends in 0",
    from: metal,
    edit: (c) => {
      c.nodeCidrs = ["10.0.0.0/23"];
      c.api.address = "10.0.1.0";
    },
    keys: ["cluster.balancer.virtualRouterId"],
  },
  {
    mistake: "pods overlap nodes",
    from: metal,
    edit: (c) => {
      c.network = { podCidr: "10.0.0.0/16" };
    },
    keys: ["cluster.network.podCidr"],
  },
  {
    mistake: "services overlap pods",
    from: metal,
    edit: (c) => {
      c.network = { serviceCidr: "10.244.128.0/20" };
    },
    keys: ["cluster.network.serviceCidr"],
  },
  {
    mistake: "pod range too small",
    from: metal,
    edit: (c) => {
      c.network = { podCidr: "10.244.0.0/22" };
    },
    keys: ["cluster.network.podCidr"],
  },
  {
    mistake: "pod range out of bounds",
    from: metal,
    edit: (c) => {
      c.network = { podCidr: "172.16.0.0/25" };
    },
    keys: ["cluster.network.podCidr"],
  },
  {
    mistake: "service range too large",
    from: metal,
    edit: (c) => {
      c.network = { serviceCidr: "11.0.0.0/8" };
    },
    keys: ["cluster.network.serviceCidr"],
  },
  {
    mistake: "service range too small",
    from: metal,
    edit: (c) => {
      c.network = { serviceCidr: "10.96.0.0/29" };
    },
    keys: ["cluster.network.serviceCidr"],
  },
  {
    mistake: "loopback name server",
    from: metal,
    edit: (c) => {
      c.network = { nameServers: ["127.0.0.53"] };
    },
    keys: ["cluster.network.nameServers[0]"],
  },
  {
    mistake: "upper-case DNS domain",
    from: metal,
    edit: (c) => {
      c.network = { dnsDomain: "Cluster.local" };
    },
    keys: ["cluster.network.dnsDomain"],
  },
  {
    mistake: "API name without a dot",
    from: metal,
    edit: (c) => {
      c.api.domainName = "api";
    },
    keys: ["cluster.api.domainName"],
  },
  {
    mistake: "API name in the cluster's domain",
    from: metal,
    edit: (c) => {
      c.api.domainName = "api.cluster.local";
    },
    keys: ["cluster.api.domainName"],
  },
  {
    mistake: "API port of the apiserver",
    from: metal,
    edit: (c) => {
      c.api.port = 6443;
    },
    keys: ["cluster.api.port"],
  },
  {
    mistake: "API port out of range",
    from: metal,
    edit: (c) => {
      c.api.port = 70000;
    },
    keys: ["cluster.api.port"],
  },
  {
    mistake: "port as text",
    from: metal,
    edit: (c) => {
      c.api.port = "8443";
    },
    keys: ["cluster.api.port"],
  },
  {
    mistake: "statistics port of etcd",
    from: metal,
    edit: (c) => {
      c.balancer = { statisticsPort: 2379 };
    },
    keys: ["cluster.balancer.statisticsPort"],
  },
  {
    mistake: "statistics port of sshd",
    from: metal,
    edit: (c) => {
      c.balancer = { statisticsPort: 22 };
    },
    keys: ["cluster.balancer.statisticsPort"],
  },
  {
    mistake: "one port twice",
    from: metal,
    edit: (c) => {
      c.balancer = { statisticsPort: 8443 };
    },
    keys: ["cluster.balancer.statisticsPort"],
  },
  {
    mistake: "lab host at the machine's address",
    from: lab,
    edit: (c) => {
      c.hosts.m1.address = "10.0.0.1";
    },
    keys: ["cluster.hosts.m1.address"],
  },
  {
    mistake: "lab host outside the subnet",
    from: lab,
    edit: (c) => {
      c.hosts.m1.address = "10.0.1.11";
    },
    keys: ["cluster.hosts.m1.address"],
  },
  {
    mistake: "lab subnet outside nodeCidrs",
    from: lab,
    edit: (c) => {
      c.nodeCidrs = ["10.1.0.0/24"];
    },
    keys: ["cluster.nodeCidrs"],
  },
  {
    mistake: "lab subnet too large",
    from: lab,
    edit: (c) => {
      c.lab.subnet = "10.0.0.0/8";
      c.nodeCidrs = ["10.0.0.0/8"];
      c.network = { podCidr: "172.16.0.0/16", serviceCidr: "172.17.0.0/16" };
    },
    keys: ["cluster.lab.subnet"],
  },
];
