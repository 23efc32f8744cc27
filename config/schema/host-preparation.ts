import { z } from "zod";
import { line, switchOn, sysctlName, timeZone } from "../values.ts";
import { firewallSchema } from "./firewall.ts";

const keys = {
  hostName: switchOn("Set the host name to the host's name in this config."),
  packages: switchOn("Install the distribution's packages that the roles need."),
  swap: switchOn("Turn swap off, now and at boot."),
  modules: switchOn("Load the kernel modules that the roles need, now and at boot."),
  sysctl: switchOn("Set the sysctls that the roles need."),
  firewall: firewallSchema,
  timeSync: switchOn("Run chrony and wait until the clock is in step."),
  journalLimit: switchOn("Limit the journal to 1 GiB."),
  timeZone: timeZone.optional().describe("Time zone to set, such as UTC. By default left as it is."),
  extraSysctl: z.record(sysctlName, line).default({}).describe("More sysctls. By default none."),
};

/** Preparation of hosts. */
export const hostPreparationSchema = z
  .strictObject(keys)
  .prefault({})
  .describe("Changes made to each host's system; each can be turned off. Undone when the host is removed.");

export type HostPreparation = z.output<typeof hostPreparationSchema>;

/** The schema inside its defaults: a key that is not given stays so. */
function withoutDefault(schema: z.core.$ZodType): z.ZodType {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  return def.type === "default" || def.type === "prefault" || def.type === "optional"
    ? withoutDefault(def.innerType)
    : (schema as z.ZodType);
}

const ofOneHost = Object.entries(keys).map(([name, schema]) => {
  const own = withoutDefault(schema).optional();
  return [name, schema.description === undefined ? own : own.describe(schema.description)];
});

/** One host's own preparation: what is not given is as for all hosts. */
export const ownPreparationSchema = (
  z.strictObject(Object.fromEntries(ofOneHost)) as unknown as z.ZodType<
    Partial<HostPreparation>,
    Partial<NonNullable<z.input<typeof hostPreparationSchema>>>
  >
)
  .optional()
  .describe(
    "Where this host's preparation differs from the cluster's: the keys of hostPreparation, each in place of the cluster's; extraSysctl is added to it.",
  );
