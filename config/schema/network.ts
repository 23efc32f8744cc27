import { z } from "zod";
import { cidrs, domainName, interfaceName, ipAddress, oneOf, whole } from "../values.ts";

/** kube-controller-manager's own: its defaults of node-cidr-mask-size-ipv4 and -ipv6. */
export const defaultNodeMask = { ipv4: 24, ipv6: 64 };

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
    kubeProxyMode: oneOf(["nftables", "iptables", "ipvs"])
      .default("nftables")
      .describe("How Services are made. ipvs is deprecated since Kubernetes 1.35."),
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
