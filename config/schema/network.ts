import { z } from "zod";
import { cidrs, domainName, interfaceName, ipAddress, nodePortAddress, oneOf, onOff, port, switchOn, whole } from "../values.ts";

/** kube-controller-manager's own: its defaults of node-cidr-mask-size-ipv4 and -ipv6. */
export const defaultNodeMask = { ipv4: 24, ipv6: 64 };

/** Settings of flannel. Its documentation, backends.md, has what they do. */
const flannelSchema = z
  .strictObject({
    backend: oneOf(["vxlan", "host-gw", "wireguard"])
      .default("vxlan")
      .describe(
        "How pods of two nodes reach each other. vxlan: in a tunnel, over any network. host-gw: by plain routes, only where all nodes share one network segment. wireguard: in an encrypted tunnel; flannel calls it experimental.",
      ),
    directRouting: onOff
      .default(false)
      .describe("true: vxlan's tunnel only between nodes of different network segments, plain routes inside one."),
    port: port.optional().describe("UDP port of the tunnel. By default 8472 for vxlan, 51820 for wireguard. Not with host-gw."),
    mtu: whole(1280, 65535)
      .optional()
      .describe(
        "Size of the largest packet between nodes, in bytes; pods get less by the tunnel's header. New pods take a new value. By default that of the interface. Not with host-gw.",
      ),
    checksumOffload: switchOn(
      "The network card computes checksums of vxlan's packets. Turn it off where a card or a virtual switch gets them wrong: pods of other nodes then answer only to small packets. Where flannel runs already it counts from the host's next start on.",
    ),
  })
  .prefault({})
  .describe("Settings of flannel.");

/** Addresses and Service traffic. */
export const networkSchema = z
  .strictObject({
    podCidr: cidrs
      .default("10.244.0.0/16")
      .describe(
        "Addresses of pods; each node gets a part of it, see nodeMask. An IPv6 range makes an IPv6 cluster. A list of one range of each family makes a dual-stack one, whose first family is the primary one. It may grow later, to a range that holds the present one.",
      ),
    serviceCidr: cidrs
      .default("10.96.0.0/16")
      .describe("Addresses of Services, of the families of podCidr and in the same order. The 10th is the cluster's DNS."),
    nodeMask: z
      .strictObject({
        ipv4: whole(16, 28)
          .default(defaultNodeMask.ipv4)
          .describe("Prefix length of a node's IPv4 range: 24 gives it 253 addresses for pods."),
        ipv6: whole(48, 120).default(defaultNodeMask.ipv6).describe("Prefix length of a node's IPv6 range."),
      })
      .prefault({})
      .describe(
        "How much of podCidr each node gets. It may rise later, so that more nodes fit: nodes that exist keep their ranges. kube-controller-manager's node-cidr-mask-size-ipv4 and -ipv6.",
      ),
    dnsDomain: domainName.default("cluster.local").describe("Domain of Services and pods."),
    plugin: oneOf(["flannel", "none"])
      .default("flannel")
      .describe(
        "Pod network. none: you install one, such as Cilium or Calico; `up` ends without it, and Nodes are Ready once it runs.",
      ),
    flannel: flannelSchema,
    kubeProxyMode: oneOf(["nftables", "iptables", "ipvs", "none"])
      .default("nftables")
      .describe(
        "How Services are made. ipvs is deprecated since Kubernetes 1.35. none: no kube-proxy, because your own pod network, such as Cilium, replaces it.",
      ),
    ipvs: z
      .strictObject({
        scheduler: oneOf(["rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "mh"])
          .default("rr")
          .describe("How the kernel picks a pod. kube-proxy's default."),
        strictArp: onOff
          .default(false)
          .describe(
            "true: hosts don't answer ARP for Services' addresses, as MetalLB's L2 mode needs it. With addons.metallb it is always so.",
          ),
      })
      .prefault({})
      .describe("Settings of kubeProxyMode: ipvs."),
    nodePortAddresses: z
      .array(nodePortAddress)
      .default([])
      .describe(
        "Where NodePorts answer: ranges of the hosts' addresses, or primary for each Node's own address. By default as kube-proxy has it: the Node's own address with nftables, every address with the other modes.",
      ),
    flannelInterface: interfaceName
      .optional()
      .describe("Interface for pod traffic, on hosts with several. By default the one that holds the host's address."),
    nameServers: z
      .array(ipAddress)
      .default([])
      .describe("Name servers that pods' outside look-ups go to. By default the host's own, loopback addresses left out."),
  })
  .prefault({})
  .describe("Addresses and Service traffic inside the cluster.");
