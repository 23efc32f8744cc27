import { z } from "zod";
import { matching, oneOf, whole } from "../values.ts";

/** A word that a host notes, which is part of names in the cluster. */
const word = matching(
  /^[A-Za-z0-9]([A-Za-z0-9._-]{0,30}[A-Za-z0-9])?$/,
  "a word of 1 to 32 letters, digits and inner . _ -, such as 2026-12; quoted where YAML reads a date",
);

/** Going over all hosts, one after another. */
export const maintenanceSchema = z
  .strictObject({
    id: word.describe(
      "A word of your own for this maintenance, such as its month. With another word the next `up` goes over all hosts; each goes through it once.",
    ),
    packages: oneOf(["security", "all", "none"])
      .default("security")
      .describe(
        "Which packages of the distribution are upgraded: those with security fixes, all, or none. Packages that you hold stay.",
      ),
    reboot: oneOf(["if-needed", "always", "never"])
      .default("if-needed")
      .describe("if-needed: a host reboots where the distribution says so, or where a newer kernel is installed than runs."),
    rebootTimeoutSeconds: whole(30, 86400)
      .default(900)
      .describe(
        "How long a host that reboots may refuse logins before `up` gives it up. One that does not answer at all may get three times as long.",
      ),
  })
  .optional()
  .describe(
    "Upgrades packages of all hosts and reboots them, one after another. Take it out or leave it: it runs once for each word. By default none.",
  );
export type Maintenance = NonNullable<z.output<typeof maintenanceSchema>>;
