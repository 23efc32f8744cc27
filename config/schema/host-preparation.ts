import { z } from "zod";
import { hostNameOrAddress, line, matching, oneOf, onOff, switchOn, sysctlName, timeZone, whole } from "../values.ts";
import { firewallSchema } from "./firewall.ts";
import { journalSchema } from "./journal.ts";

/** A package's name, as Debian and RPM have it; no version, which would hold it there, and no - at the end, by which apt removes it. */
const packageName = matching(/^[a-zA-Z0-9]([a-zA-Z0-9.+_-]*[a-zA-Z0-9.+_])?$/, "a package's name such as sysstat");
/** A kernel module, as modprobe takes it. */
const moduleName = matching(/^[a-zA-Z0-9_-]{1,55}$/, "a kernel module such as ip_vs");
/** A unit of systemd that runs at boot. `.service` may be left out. */
const serviceName = matching(/^[A-Za-z0-9_@:.\\][A-Za-z0-9_@:.\\-]{0,199}$/, "a unit of systemd such as postfix or cups.socket");
/** More than a terabyte of pages of 2 MiB is a slip of the pen. */
const pages = whole(0, 524_288).optional();

const keys = {
  hostName: switchOn("Set the host name to the host's name in this config."),
  packages: switchOn("Install the distribution's packages that the roles need."),
  swap: switchOn("Turn swap off, now and at boot."),
  modules: switchOn("Load the kernel modules that the roles need, now and at boot."),
  sysctl: switchOn("Set the sysctls that the roles need."),
  firewall: firewallSchema,
  timeSync: switchOn("Run chrony and wait until the clock is in step."),
  journalLimit: switchOn("Limit the journal to 1 GiB."),
  timeService: oneOf(["chrony", "keep"])
    .default("chrony")
    .describe(
      "With timeSync: chrony installs and runs chrony. keep leaves the clock to the service that keeps it in step already, such as systemd-timesyncd or ntpsec, and takes chrony where there is none.",
    ),
  timeServers: z
    .array(hostNameOrAddress)
    .default([])
    .describe(
      "Time servers that chrony asks in place of its own; another time service, which timeService keep leaves, has its own. By default those of chrony's package.",
    ),
  clockInUtc: onOff
    .default(false)
    .describe("Keep the hardware clock in UTC where it is in local time, as on a machine that ran Windows."),
  journal: journalSchema,
  timeZone: timeZone.optional().describe("Time zone to set, such as UTC. By default left as it is."),
  extraSysctl: z.record(sysctlName, line).default({}).describe("More sysctls. By default none."),
  extraPackages: z
    .array(packageName)
    .default([])
    .describe("More packages to install, such as sysstat or ipvsadm. A bundle has none of them. By default none."),
  minimumKernel: matching(/^\d{1,2}\.\d{1,3}$/, 'the first two numbers of a kernel\'s version, in quotes, such as "5.15"')
    .optional()
    .describe(
      'The oldest kernel to take, such as "6.1"; a host with an older one is refused. By default the oldest that Kubernetes takes.',
    ),
  extraModules: z
    .array(moduleName)
    .default([])
    .describe("More kernel modules to load, also on hosts without pods. By default none."),
  disabledServices: z
    .array(serviceName)
    .default([])
    .describe(
      "Services to stop and mask, such as postfix, with the sockets, timers and paths that trigger them: nothing starts them again. Where a host has none of that name, nothing is done. By default none.",
    ),
  hostsFile: oneOf(["api", "all"])
    .default("api")
    .describe(
      "Names in /etc/hosts: api, the API's and the host's own; all, those of every host of the config. Then an added or moved host changes that file on every host.",
    ),
  hugePages: z
    .strictObject({
      "2Mi": pages.describe("How many pages of 2 MiB. By default none of ours."),
      "1Gi": pages.describe("How many pages of 1 GiB. By default none of ours."),
    })
    .prefault({})
    .describe(
      "Huge pages that the kernel sets aside, now and at boot. A kubelet that runs counts them once it is started again.",
    ),
};

/** Preparation of hosts. */
export const hostPreparationSchema = z
  .strictObject(keys)
  .prefault({})
  .describe("Changes made to each host's system; each can be turned off. Undone when the host is removed.");

export type HostPreparation = z.output<typeof hostPreparationSchema>;

/** The schema without its defaults, in mappings too: a key that is not given stays so. A list's entries keep theirs. */
function withoutDefault(schema: z.core.$ZodType): z.ZodType {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === "default" || def.type === "prefault" || def.type === "optional") return withoutDefault(def.innerType);
  if (def.type === "pipe") return z.pipe(def.in as z.ZodType, withoutDefault(def.out));
  return def.type === "object" ? z.strictObject(optional(def.shape)) : (schema as z.ZodType);
}

function optional(shape: Readonly<Record<string, z.core.$ZodType>>): Record<string, z.ZodType> {
  const own = Object.entries(shape).map(([name, schema]) => {
    const { description } = schema as z.ZodType;
    const it = withoutDefault(schema).optional();
    return [name, description === undefined ? it : it.describe(description)];
  });
  return Object.fromEntries(own);
}

/** What one host has of its own: keys of mappings, too, may be left out. */
type Own<T> = T extends readonly unknown[] ? T : T extends object ? { [K in keyof T]?: Own<T[K]> } : T;

/** One host's own preparation: a key that is not given is as for all hosts. */
export const ownPreparationSchema = (
  z.strictObject(optional(keys)) as unknown as z.ZodType<
    Own<HostPreparation>,
    Partial<NonNullable<z.input<typeof hostPreparationSchema>>>
  >
)
  .optional()
  .describe(
    "Where this host's preparation differs from the cluster's: the keys of hostPreparation, each in place of the cluster's. A key that is not given is as in the cluster's, inside firewall, journal, extraSysctl and hugePages too; a list takes the place of the cluster's.",
  );
