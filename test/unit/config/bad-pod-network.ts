import { aws, metal } from "../../harness/samples.ts";
import type { Bad } from "./bad-sample.ts";

// The pod network and kube-proxy.

const bad = (mistake: string, from: Bad["from"], network: Record<string, unknown>, ...keys: string[]): Bad => ({
  mistake,
  from,
  edit: (c) => {
    c.network = network;
  },
  keys,
});

export const badPodNetworks: readonly Bad[] = [
  bad("flannel without a kube-proxy", metal, { kubeProxyMode: "none" }, "cluster.network.kubeProxyMode"),
  bad(
    "keys that host-gw has no use for",
    metal,
    { flannel: { backend: "host-gw", port: 4789, mtu: 1400, directRouting: true, checksumOffload: false } },
    "cluster.network.flannel.port",
    "cluster.network.flannel.mtu",
    "cluster.network.flannel.directRouting",
    "cluster.network.flannel.checksumOffload",
  ),
  bad(
    "direct routes of WireGuard",
    metal,
    { flannel: { backend: "wireguard", port: 51821, directRouting: true } },
    "cluster.network.flannel.directRouting",
  ),
  bad("plain routes in a cloud", aws, { flannel: { backend: "host-gw" } }, "cluster.network.flannel.backend"),
  bad("direct routes in a cloud", aws, { flannel: { directRouting: true } }, "cluster.network.flannel.directRouting"),
  bad("an unknown pod network", metal, { plugin: "weave" }, "cluster.network.plugin"),
  bad("a single address for NodePorts", metal, { nodePortAddresses: ["10.0.0.7"] }, "cluster.network.nodePortAddresses[0]"),
  bad(
    "a Node's own address and ranges for NodePorts",
    metal,
    { nodePortAddresses: ["primary", "10.0.0.0/24"] },
    "cluster.network.nodePortAddresses",
  ),
  bad(
    "ranges for NodePorts that no host answers in",
    metal,
    { nodePortAddresses: ["127.0.0.0/8", "10.96.0.0/20", "224.0.0.0/4"] },
    "cluster.network.nodePortAddresses[0]",
    "cluster.network.nodePortAddresses[1]",
    "cluster.network.nodePortAddresses[2]",
  ),
  bad("an interface of WireGuard's tunnel", metal, { flannelInterface: "flannel-wg" }, "cluster.network.flannelInterface"),
];
