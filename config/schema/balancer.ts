import { z } from "zod";
import { interfaceName, oneOf, port, whole } from "../values.ts";

/** What stands in front of the apiservers. */
export const balancerSchema = z
  .strictObject({
    kind: oneOf(["haproxy", "node-local", "external"])
      .default("haproxy")
      .describe(
        "haproxy: built on the hosts of role balancer, with keepalived. node-local: haproxy on every node, for that node alone; no virtual IP, and no host has the role balancer. external: a balancer you run at api.address, TCP to port 6443 of the control planes.",
      ),
    interface: interfaceName
      .optional()
      .describe("Network interface of the virtual IP. By default the one that holds the host's address."),
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
      .describe("How often haproxy asks each apiserver's /readyz; two failures in a row take it out."),
    statisticsPort: port
      .default(8404)
      .describe("Port of the statistics page and of the health answer that keepalived asks. Password in the outputs."),
    maximumConnections: whole(100, 1_000_000)
      .default(20000)
      .describe(
        "haproxy's limit of open connections: about 10 for each node. An address outside nodeCidrs gets a tenth of them at most.",
      ),
  })
  .prefault({})
  .describe("The balancer in front of the apiservers.");
