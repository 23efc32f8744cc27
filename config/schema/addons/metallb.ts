import { z } from "zod";
import { interfaceName, ipAddress, matching, oneOf, onOff, port, whole } from "../../values.ts";

/** An autonomous system's number: 16 or 32 bits (RFC 6793). */
const asn = whole(1, 4294967295);

const peerSchema = z.strictObject({
  address: ipAddress.describe("The router's address."),
  asn: asn.describe("The router's autonomous system."),
  ownAsn: asn.describe("The nodes' autonomous system."),
  port: port.default(179).describe("The router's port."),
  holdTimeSeconds: whole(3, 3600)
    .default(90)
    .describe("A session without a sign of the router for so long has ended. The default is RFC 4271's."),
  passwordSecret: matching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "the name of a Secret")
    .optional()
    .describe(
      "A Secret of type kubernetes.io/basic-auth in namespace metallb-system, made by you, with the session's password. By default none.",
    ),
});

/** MetalLB: addresses for Services of type LoadBalancer where no cloud gives any. */
export const metallbSchema = z
  .strictObject({
    addresses: z
      .array(
        matching(
          /^[0-9A-Fa-f.:]+(\/\d{1,3}|-[0-9A-Fa-f.:]+)$/,
          "a range such as 10.77.0.200-10.77.0.220, or a CIDR such as 10.77.0.192/27",
        ),
      )
      .min(1, { error: "at least one range" })
      .describe("Addresses that nothing else has, as ranges or CIDRs. The first and the last one of a /24 are left out."),
    mode: oneOf(["l2", "bgp"])
      .default("l2")
      .describe(
        "l2: one node answers ARP and neighbor discovery for an address, in the network that all nodes are in. bgp: every node announces it to the routers of `peers`.",
      ),
    interfaces: z
      .array(interfaceName)
      .default([])
      .describe(
        "With l2: network interfaces that answer, on nodes that have them. By default all but those of pods and containers.",
      ),
    autoAssign: onOff
      .default(true)
      .describe("Give a Service that asks for no address one of them. false: only by the annotation metallb.io/loadBalancerIPs."),
    peers: z.array(peerSchema).default([]).describe("With bgp: the routers. At least one there."),
  })
  .optional()
  .describe("MetalLB, which gives Services of type LoadBalancer addresses on metal. By default off.");
