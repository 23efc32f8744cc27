import { z } from "zod";
import { cidr, interfaceName, ipv4, matching, oneOf, onOff, port, switchOn, whole } from "../values.ts";

/** An autonomous system's number: 16 or 32 bits (RFC 6793). */
const asn = whole(1, 4294967295);

const routedSchema = z.strictObject({
  protocol: oneOf(["bgp", "ospf"]).describe("bgp: to the routers of `peers`. ospf: to those in the network of `interface`."),
  asn: asn.optional().describe("BGP: the balancers' autonomous system. Required there."),
  peers: z
    .array(
      z.strictObject({
        address: ipv4.describe("The router's address."),
        asn: asn.describe("The router's autonomous system."),
      }),
    )
    .default([])
    .describe("BGP: the routers that every balancer announces the address to. At least one there."),
  area: ipv4.default("0.0.0.0").describe("OSPF: the area of the balancers' network, written as an address."),
  bfd: switchOn("Also watch routers by BFD, which finds a dead one in 0.9 s. The routers must have it turned on, too."),
});

const statisticsSchema = z
  .strictObject({
    from: z
      .array(cidr)
      .default([])
      .describe(
        "Who may reach the page besides nodes. The host's firewall and haproxy itself let nobody else in. By default none.",
      ),
    user: matching(/^[A-Za-z0-9_-]{1,32}$/, "1 to 32 letters, digits, - and _")
      .default("admin")
      .describe("Who logs in."),
    tls: onOff
      .default(false)
      .describe(
        "Serve the page over TLS at `port`, by a certificate of an authority in the output `statistics`. `statisticsPort` then answers nodes alone, and has no page.",
      ),
    port: port.default(8405).describe("Port of the page with `tls: true`."),
  })
  .prefault({})
  .describe(
    "haproxy's statistics page. The output `statistics` has its URL and login. A password of your own is the stack's secret `statisticsPassword`; by default it is random.",
  );

/** What stands in front of the apiservers. */
export const balancerSchema = z
  .strictObject({
    kind: oneOf(["haproxy", "nginx", "lvs", "node-local", "external"])
      .default("haproxy")
      .describe(
        "haproxy: built on the hosts of role balancer, with keepalived. nginx: the same with nginx; it has no statistics page. lvs: the same with the kernel's IPVS, which needs the module ip_vs. node-local: haproxy on every node, for that node alone; no virtual IP, and no host has the role balancer. external: a balancer you run at api.address, TCP to port 6443 of the control planes.",
      ),
    address: oneOf(["vrrp", "routed"])
      .default("vrrp")
      .describe(
        "How clients find the balancers at api.address. vrrp: one of them holds it, in a network that all are in. routed: each announces it to routers, by FRR.",
      ),
    routed: routedSchema
      .optional()
      .describe("How FRR announces api.address, with `address: routed`. A password is the stack's secret `routingPassword`."),
    interface: interfaceName
      .optional()
      .describe(
        "Network interface of the virtual IP, or the one that speaks OSPF. By default the one that holds the host's address.",
      ),
    virtualRouterId: whole(1, 255)
      .optional()
      .describe("VRRP id, different for each cluster on one network. By default derived from the virtual IP's last byte."),
    advertisementIntervalMilliseconds: whole(100, 10000)
      .multipleOf(10, { error: "a multiple of 10" })
      .default(200)
      .describe(
        "How often the balancer that holds the virtual IP announces it. After slightly more than three missed announcements another one takes over.",
      ),
    checkIntervalMilliseconds: whole(100, 60000)
      .default(1000)
      .describe("How often the balancer asks each apiserver's /readyz; two failures in a row take it out."),
    statisticsPort: port
      .default(8404)
      .describe("Port of the statistics page and of the health answer that keepalived asks. Password in the outputs."),
    statistics: statisticsSchema,
    maximumConnections: whole(100, 1_000_000)
      .default(20000)
      .describe(
        "The proxy's limit of open connections, with nginx that of each of its processes, one for each processor: about 10 for each node. An address outside nodeCidrs gets a tenth of them at most.",
      ),
  })
  .prefault({})
  .describe("The balancer in front of the apiservers.");
