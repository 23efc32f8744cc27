import { z } from "zod";
import type { Cluster } from "../../config/schema.ts";
import { cidrs, oneOf } from "../../config/values.ts";

/** The lab provider's settings. */
export const labSchema = z
  .strictObject({
    subnet: cidrs.describe(
      "The bridge's network; hosts and the virtual IP are in it. Not used by anything else on this machine. Its first address is the machine's own. An IPv6 range makes hosts without IPv4, a list of one of each family hosts with both.",
    ),
    sshUser: oneOf(["root", "ops"]).default("root").describe("Who the program logs in as: root, or ops, a user with sudo."),
  })
  .optional()
  .describe("The lab provider's settings. Required for provider lab, refused for others.");

/** A cluster of provider lab. */
export type LabCluster = Cluster & { lab: NonNullable<z.output<typeof labSchema>> };
