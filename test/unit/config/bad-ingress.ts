import { aws, metal, type Written } from "../../harness/samples.ts";
import type { Bad } from "./bad-sample.ts";

// MetalLB and the ingress. The sample's hosts are 10.0.0.1 and so on, its API is at 10.0.0.10.

const bad = (mistake: string, addons: Written, keys: readonly string[], from: Bad["from"] = metal): Bad => ({
  mistake,
  from,
  edit: (config) => {
    config.addons = addons;
  },
  keys: keys.map((key) => `cluster.addons.${key}`),
});
const range = "10.0.0.200-10.0.0.220";
const router = { address: "10.0.0.254", asn: 64512, ownAsn: 64513 };

export const badIngress: readonly Bad[] = [
  bad("no address for Services", { metallb: { addresses: [] } }, ["metallb.addresses"]),
  bad(
    "addresses that make up no range",
    {
      metallb: {
        addresses: ["10.0.0.220-10.0.0.200", "10.0.0.200-fd00::1", "10.0.0.0/33", "10.0.0.201/28", "10.0.0.300-10.0.0.301"],
      },
    },
    [0, 1, 2, 3, 4].map((index) => `metallb.addresses[${index}]`),
  ),
  bad("a single address", { metallb: { addresses: ["10.0.0.200"] } }, ["metallb.addresses[0]"]),
  bad("addresses of hosts and of the API", { metallb: { addresses: ["10.0.0.10-10.0.0.12"] } }, [
    "metallb.addresses[0]",
    "metallb.addresses[0]",
    "metallb.addresses[0]",
  ]),
  bad("one address in two ranges", { metallb: { addresses: [range, "10.0.0.208/28"] } }, ["metallb.addresses[1]"]),
  bad(
    "addresses of pods and Services",
    { metallb: { mode: "bgp", peers: [router], addresses: ["10.244.7.0/24", "10.96.0.0/16"] } },
    ["metallb.addresses[0]", "metallb.addresses[1]"],
  ),
  bad("loopback addresses", { metallb: { mode: "bgp", peers: [router], addresses: ["127.0.0.2-127.0.0.9"] } }, [
    "metallb.addresses[0]",
  ]),
  bad("addresses that no host answers for", { metallb: { addresses: ["192.0.2.0/24"] } }, ["metallb.addresses[0]"]),
  bad("BGP without a router", { metallb: { addresses: [range], mode: "bgp" } }, ["metallb.peers"]),
  bad(
    "a router twice, and interfaces of BGP",
    { metallb: { addresses: [range], mode: "bgp", peers: [router, router], interfaces: ["eth1"] } },
    ["metallb.peers[1].address", "metallb.interfaces"],
  ),
  bad("routers without BGP", { metallb: { addresses: [range], peers: [router] } }, ["metallb.peers"]),
  bad("a router's own address", { metallb: { addresses: ["10.0.0.250-10.0.0.254"], mode: "bgp", peers: [router] } }, [
    "metallb.addresses[0]",
  ]),
  bad("MetalLB in a cloud", { metallb: { addresses: ["10.0.9.0/24"] } }, ["metallb"], aws),
  bad("an ingress that no address leads to", { ingress: {} }, ["ingress.exposure"]),
  bad("an ingress at an address of nobody", { metallb: { addresses: [range] }, ingress: { address: "10.0.0.9" } }, [
    "ingress.address",
  ]),
  bad("an address of host ports", { ingress: { exposure: "host-ports", address: "10.0.0.200" } }, ["ingress.address"]),
  bad("ports outside the range of NodePorts", { ingress: { exposure: "node-ports", nodePorts: { http: 80, https: 80 } } }, [
    "ingress.nodePorts.http",
    "ingress.nodePorts.https",
    "ingress.nodePorts.https",
  ]),
];
