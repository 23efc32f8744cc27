import { z } from "zod";
import { line, switchOn, sysctlName, timeZone } from "../values.ts";

/** Preparation of hosts. */
export const hostPreparationSchema = z
  .strictObject({
    hostName: switchOn("Set the host name to the host's name in this config."),
    packages: switchOn("Install the distribution's packages that the roles need."),
    swap: switchOn("Turn swap off, now and at boot."),
    modules: switchOn("Load the kernel modules that the roles need, now and at boot."),
    sysctl: switchOn("Set the sysctls that the roles need."),
    firewall: switchOn("Open exactly the port table to nodeCidrs in an nftables table of its own."),
    timeSync: switchOn("Run chrony and wait until the clock is in step."),
    journalLimit: switchOn("Limit the journal to 1 GiB."),
    timeZone: timeZone.optional().describe("Time zone to set, such as UTC. By default left as it is."),
    extraSysctl: z.record(sysctlName, line).default({}).describe("More sysctls. By default none."),
  })
  .prefault({})
  .describe("Changes made to each host's system; each can be turned off. Undone when the host is removed.");
