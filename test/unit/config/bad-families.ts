import { aws, lab, metal, onBoth, onIpv6, type Written } from "../../harness/samples.ts";
import type { Bad } from "./bad-sample.ts";

// Address families, and nodes' parts of the pods' ranges.

const ipv6 = () => onIpv6(metal());
const both = () => onBoth(metal());
const one =
  (from: () => Written) =>
  (mistake: string, edit: (config: Written) => void, ...keys: string[]) => ({
    mistake,
    from,
    edit,
    keys,
  });
const [bad4, bad6, badBoth] = [one(metal), one(ipv6), one(both)];

export const badFamilies: readonly Bad[] = [
  badBoth(
    "lvs with both families",
    (c) => {
      c.balancer = { kind: "lvs" };
    },
    "cluster.balancer.kind",
  ),
  bad4(
    "an address that is none of either family",
    (c) => {
      c.hosts.m1.address = "fd00::g";
    },
    "cluster.hosts.m1.address",
  ),
  bad4(
    "three addresses",
    (c) => {
      c.hosts.m1.address = ["10.0.0.11", "fd00::b", "fd00::c"];
    },
    "cluster.hosts.m1.address",
  ),
  bad4(
    "a list with something else",
    (c) => {
      c.network = { podCidr: ["10.244.0.0/16", 7] };
    },
    "cluster.network.podCidr",
  ),
  bad4(
    "a second range of pods of the same family",
    (c) => {
      c.network = { podCidr: ["10.244.0.0/16", "10.245.0.0/16"] };
    },
    "cluster.network.podCidr",
  ),
  bad4(
    "IPv6 for Services alone",
    (c) => {
      c.network = { serviceCidr: "fd00:10:96::/112" };
    },
    "cluster.network.serviceCidr",
  ),
  bad4(
    "a host with a second address in an IPv4 cluster",
    (c) => {
      c.hosts.w1.address = ["10.0.0.21", "fd00::15"];
    },
    "cluster.hosts.w1.address",
  ),
  bad4(
    "a range of nodes of another family",
    (c) => {
      c.nodeCidrs.push("fd00::/64");
    },
    "cluster.nodeCidrs",
  ),
  bad4(
    "a second virtual IP in an IPv4 cluster",
    (c) => {
      c.api.address = ["10.0.0.10", "fd00::a"];
    },
    "cluster.api.address",
  ),
  bad4(
    "a name server that pods can't reach",
    (c) => {
      c.network = { nameServers: ["2620:fe::fe"] };
    },
    "cluster.network.nameServers[0]",
  ),
  bad4(
    "a mask of a family that is not there",
    (c) => {
      c.network = { nodeMask: { ipv6: 72 } };
    },
    "cluster.network.nodeMask.ipv6",
  ),
  bad4(
    "parts too small for a node's pods",
    (c) => {
      c.network = { nodeMask: { ipv4: 26 } };
    },
    "cluster.kubelet.maxPods",
  ),
  bad4(
    "parts that are larger than the range",
    (c) => {
      c.network = { podCidr: "10.244.0.0/22", nodeMask: { ipv4: 21 } };
    },
    "cluster.network.podCidr",
  ),
  bad6(
    "an IPv4 host in an IPv6 cluster",
    (c) => {
      c.hosts.w1.address = "10.0.0.21";
    },
    "cluster.hosts.w1.address",
  ),
  bad6(
    "an IPv4 virtual IP in an IPv6 cluster",
    (c) => {
      c.api.address = "10.0.0.10";
    },
    "cluster.api.address",
  ),
  bad6(
    "a range of Services that is too large",
    (c) => {
      c.network.serviceCidr = "fd00:10:96::/64";
    },
    "cluster.network.serviceCidr",
  ),
  bad6(
    "a range of pods that is too large",
    (c) => {
      c.network.podCidr = "fd00:244::/40";
    },
    "cluster.network.podCidr",
  ),
  bad6(
    "a range of pods that is too small",
    (c) => {
      c.network.podCidr = "fd00:10:244::/62";
    },
    "cluster.network.podCidr",
  ),
  bad6(
    "a range with a host part",
    (c) => {
      c.network.podCidr = "fd00:10:244:1::/56";
    },
    "cluster.network.podCidr",
  ),
  bad6(
    "pods among the nodes",
    (c) => {
      c.network.podCidr = "fd00:10::/48";
    },
    "cluster.network.podCidr",
  ),
  bad6(
    "a link-local range of nodes",
    (c) => {
      c.nodeCidrs.push("fe80::/64");
    },
    "cluster.nodeCidrs[1]",
  ),
  bad6(
    "one address twice, written in two ways",
    (c) => {
      c.hosts.w2.address = "FD00:10:0:0:0::15";
    },
    "cluster.hosts.w2.address",
  ),
  bad6(
    "a virtual IP that ends in 0",
    (c) => {
      c.api.address = "fd00:10:0:0::100";
    },
    "cluster.balancer.virtualRouterId",
  ),
  badBoth(
    "a host without its second address",
    (c) => {
      c.hosts.w1.address = "10.0.0.21";
    },
    "cluster.hosts.w1.address",
  ),
  badBoth(
    "a host with its addresses the other way round",
    (c) => {
      c.hosts.w1.address.reverse();
    },
    "cluster.hosts.w1.address",
  ),
  badBoth(
    "no range of nodes for the second family",
    (c) => {
      c.nodeCidrs.pop();
    },
    "cluster.nodeCidrs",
  ),
  badBoth(
    "a virtual IP of the second family alone",
    (c) => {
      c.api.address = "fd00:10::a";
    },
    "cluster.api.address",
  ),
  badBoth(
    "a virtual IP that is a host's second address",
    (c) => {
      c.api.address[1] = "fd00:10::b";
    },
    "cluster.api.address",
  ),
  badBoth(
    "one second address for two hosts",
    (c) => {
      c.hosts.w2.address[1] = "fd00:10::15";
    },
    "cluster.hosts.w2.address",
  ),
  badBoth(
    "too few parts in the second range",
    (c) => {
      c.network.podCidr[1] = "fd00:10:244::/62";
    },
    "cluster.network.podCidr",
  ),
  {
    mistake: "a lab of another family",
    from: lab,
    edit: (c) => {
      c.lab.subnet = "fd00:77::/64";
    },
    keys: ["cluster.lab.subnet", "cluster.nodeCidrs"],
  },
  {
    mistake: "IPv6 on aws",
    from: aws,
    edit: (c) => {
      c.network = { podCidr: "fd00:10:244::/56", serviceCidr: "fd00:10:96::/112" };
    },
    keys: ["cluster.network.podCidr", "cluster.nodeCidrs"],
  },
];
