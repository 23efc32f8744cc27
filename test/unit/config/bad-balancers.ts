import { metal, type Written } from "../../harness/samples.ts";
import type { Bad } from "./bad-sample.ts";

// What a kind of balancer can't be combined with.

/** Three control planes and two workers, each node with a balancer of its own. */
export function nodeLocal(): Written {
  const config = metal();
  config.balancer = { kind: "node-local" };
  delete config.api.address;
  for (const name of ["m1", "m2", "m3"]) config.hosts[name].roles = ["etcd", "control-plane"];
  return config;
}

export const badBalancers: readonly Bad[] = [
  {
    mistake: "a routed address without a word on routers",
    from: metal,
    edit: (c) => {
      c.balancer = { address: "routed" };
    },
    keys: ["cluster.balancer.routed"],
  },
  {
    mistake: "routers for an address that is not routed",
    from: metal,
    edit: (c) => {
      c.balancer = { routed: { protocol: "bgp", asn: 64512, peers: [{ address: "10.0.0.1", asn: 64513 }] } };
    },
    keys: ["cluster.balancer.routed"],
  },
  {
    mistake: "BGP without a system of its own and without routers",
    from: metal,
    edit: (c) => {
      c.api.address = "10.9.0.10";
      c.balancer = { address: "routed", routed: { protocol: "bgp" } };
    },
    keys: ["cluster.balancer.routed.asn", "cluster.balancer.routed.peers"],
  },
  {
    mistake: "BGP with a router named twice, and with a host",
    from: metal,
    edit: (c) => {
      c.api.address = "10.9.0.10";
      const peers = ["10.0.0.1", "10.0.0.1", "10.0.0.11"].map((address) => ({ address, asn: 64513 }));
      c.balancer = { address: "routed", routed: { protocol: "bgp", asn: 64512, peers } };
    },
    keys: ["cluster.balancer.routed.peers[1].address", "cluster.balancer.routed.peers[2].address"],
  },
  {
    mistake: "OSPF with what BGP needs, and on no interface",
    from: metal,
    edit: (c) => {
      c.api.address = "10.9.0.10";
      c.balancer = { address: "routed", routed: { protocol: "ospf", asn: 64512, peers: [{ address: "10.0.0.1", asn: 64513 }] } };
    },
    keys: ["cluster.balancer.interface", "cluster.balancer.routed.asn", "cluster.balancer.routed.peers"],
  },
  ...["127.1.1.1", "224.1.1.1", "10.0.0.99"].map(
    (address): Bad => ({
      mistake: `a routed address that routers can't lead to: ${address}`,
      from: metal,
      edit: (c) => {
        c.api.address = address;
        c.balancer = { address: "routed", routed: { protocol: "ospf" }, interface: "eth0" };
      },
      keys: ["cluster.api.address"],
    }),
  ),
  {
    mistake: "BGP with routers that are none, and a health answer on its port",
    from: metal,
    edit: (c) => {
      c.api.address = "10.9.0.10";
      const peers = ["127.0.0.1", "224.0.0.1", "10.9.0.10", "10.244.0.9"].map((address) => ({ address, asn: 64513 }));
      c.balancer = { address: "routed", statisticsPort: 179, routed: { protocol: "bgp", asn: 64512, peers } };
    },
    keys: [...[0, 1, 2, 3].map((index) => `cluster.balancer.routed.peers[${index}].address`), "cluster.balancer.statisticsPort"],
  },
  {
    mistake: "a routed address among the pods",
    from: metal,
    edit: (c) => {
      c.api.address = "10.244.9.9";
      c.balancer = { address: "routed", routed: { protocol: "bgp", asn: 64512, peers: [{ address: "10.0.0.1", asn: 64513 }] } };
    },
    keys: ["cluster.api.address"],
  },
  {
    mistake: "role balancer where every node has its own",
    from: nodeLocal,
    edit: (c) => {
      c.hosts.m1.roles = ["etcd", "balancer", "control-plane"];
    },
    keys: ["cluster.hosts"],
  },
  {
    mistake: "a node's own balancer on the apiserver's port",
    from: nodeLocal,
    edit: (c) => {
      c.api.port = 6443;
    },
    keys: ["cluster.api.port"],
  },
  {
    mistake: "a node's own balancer with the kubelet's port for its health answer",
    from: nodeLocal,
    edit: (c) => {
      c.balancer.statisticsPort = 10250;
    },
    keys: ["cluster.balancer.statisticsPort"],
  },
  {
    mistake: "a statistics page over TLS on the API's port and on etcd's",
    from: metal,
    edit: (c) => {
      c.api.port = 2379;
      c.balancer = { statistics: { tls: true, port: 2379 } };
    },
    keys: ["cluster.api.port", "cluster.balancer.statistics.port", "cluster.balancer.statistics.port"],
  },
  {
    mistake: "readers of the statistics page where no balancer listens",
    from: metal,
    edit: (c) => {
      c.balancer = { statistics: { tls: true, from: ["10.9.0.0/16", "fd00::/64"] } };
    },
    keys: ["cluster.balancer.statistics.from[1]"],
  },
  {
    mistake: "a user of the statistics page that ends haproxy's line",
    from: metal,
    edit: (c) => {
      c.balancer = { statistics: { user: "me\nacl all" } };
    },
    keys: ["cluster.balancer.statistics.user"],
  },
  {
    mistake: "a control plane's address for those outside",
    from: nodeLocal,
    edit: (c) => {
      c.api.address = "10.0.0.11";
    },
    keys: ["cluster.api.address"],
  },
  {
    mistake: "a loopback address for those outside",
    from: nodeLocal,
    edit: (c) => {
      c.api.address = "127.0.0.1";
    },
    keys: ["cluster.api.address"],
  },
  {
    mistake: "a former address where clients go by none",
    from: nodeLocal,
    edit: (c) => {
      c.api.former = { address: "10.0.0.9" };
    },
    keys: ["cluster.api.former.address"],
  },
  {
    mistake: "lvs without what leads its answers back",
    from: metal,
    edit: (c) => {
      c.balancer = { kind: "lvs" };
      c.hostPreparation = { extraSysctl: { "net.ipv4.vs.conntrack": "0" } };
    },
    keys: ["cluster.hostPreparation.extraSysctl.net.ipv4.vs.conntrack"],
  },
];
