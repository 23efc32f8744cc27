import { z } from "zod";
import { cidr, oneOf, port, switchOn } from "../values.ts";

// The packet filter of hosts.

const allow = z.strictObject({
  port: port.describe("The port, or the first one of a range."),
  lastPort: port.optional().describe("The last port of a range. By default `port` alone."),
  protocol: oneOf(["tcp", "udp"]).default("tcp").describe("Its protocol."),
  from: z.array(cidr).default([]).describe("Who may reach it. By default anyone."),
});

const firewall = z.strictObject({
  enabled: switchOn(
    "Guard the host by a table of its own, and open what the cluster needs in firewalld or ufw where one is active.",
  ),
  policy: oneOf(["close-known-ports", "drop"])
    .default("close-known-ports")
    .describe(
      "What comes from outside nodeCidrs: close-known-ports drops it at the cluster's own ports and leaves all others as they are; drop drops everything but SSH, ICMP, DHCP's answers, the API's port, pods, and what nodePorts and allow say.",
    ),
  nodePorts: oneOf(["anyone", "nodes"])
    .default("anyone")
    .describe(
      "Who may reach NodePorts from outside nodeCidrs with policy drop: anyone or nobody. The other policy leaves them open.",
    ),
  allow: z.array(allow).default([]).describe("More ports that are open. By default none."),
});

type Input = z.input<typeof firewall>;

/** `true` and `false` are short for `enabled`. */
export const firewallSchema = z
  .preprocess((given: boolean | Input): Input => (typeof given === "boolean" ? { enabled: given } : given), firewall)
  .prefault(true)
  .describe(
    "Open exactly the port table to nodeCidrs in an nftables table of its own. true and false are short for a mapping with `enabled` alone.",
  );

export type Firewall = z.output<typeof firewall>;
