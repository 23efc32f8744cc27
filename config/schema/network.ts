import { z } from "zod";
import { cidr, domainName, interfaceName, ipv4, oneOf } from "../values.ts";

/** Addresses and Service traffic. */
export const networkSchema = z
  .strictObject({
    podCidr: cidr.default("10.244.0.0/16").describe("Addresses of pods; a /24 of it goes to each node."),
    serviceCidr: cidr.default("10.96.0.0/16").describe("Addresses of Services. The 10th is the cluster's DNS."),
    dnsDomain: domainName.default("cluster.local").describe("Domain of Services and pods."),
    kubeProxyMode: oneOf(["nftables", "iptables", "ipvs"])
      .default("nftables")
      .describe("How Services are made. ipvs is deprecated since Kubernetes 1.35."),
    flannelInterface: interfaceName
      .optional()
      .describe("Interface for pod traffic, on hosts with several. By default the one that holds the host's address."),
    nameServers: z
      .array(ipv4)
      .default([])
      .describe("Name servers that pods' outside look-ups go to. By default the host's own, loopback addresses left out."),
  })
  .prefault({})
  .describe("Addresses and Service traffic inside the cluster.");
