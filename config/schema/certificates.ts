import { z } from "zod";
import { dnsLabel, whole } from "../values.ts";

const generation = whole(1, 10_000);

/** One authority, or the service-account key. */
const authoritySchema = (what: string) =>
  z
    .strictObject({
      trust: z
        .array(generation)
        .min(1, { error: "one generation, or two in a row during a rotation" })
        .max(2, { error: "one generation, or two in a row during a rotation" })
        .default([1])
        .describe("The generations that are trusted: one, or two in a row during a rotation."),
      issue: generation.default(1).describe("The generation that signs; one of `trust`."),
    })
    .prefault({})
    .describe(what);

/** What signs. */
const authoritiesSchema = z
  .strictObject({
    kubernetes: authoritySchema("The authority of the API, its clients and the kubelets."),
    etcd: authoritySchema("The authority of etcd's members and its clients."),
    frontProxy: authoritySchema("The authority of the apiservers towards aggregated API servers."),
    serviceAccount: authoritySchema("The key that signs service accounts' tokens."),
  })
  .prefault({})
  .describe(
    "What signs, and its generation. From { trust: [1], issue: 1 } to the next one are three edits with an `up` each: trust: [1, 2]; issue: 2; trust: [2]. See operations.md.",
  );

/** How long certificates last. */
export const certificatesSchema = z
  .strictObject({
    authorityValidityHours: whole(1, 876_000)
      .default(87600)
      .describe("Validity of the authorities. 87600 is 10 years, kubeadm's default."),
    leafValidityHours: whole(1, 876_000)
      .default(8760)
      .describe("Validity of all other certificates. 8760 is one year, kubeadm's default."),
    renewBeforeHours: whole(0, 876_000)
      .default(2160)
      .describe("An `up` this long before the end renews a certificate. 2160 is 90 days."),
    authorities: authoritiesSchema,
    destroyedHosts: z
      .array(dnsLabel)
      .default([])
      .describe(
        "Lost hosts whose disks nobody can read any more, so that `check` does not ask to replace what they had. By default none.",
      ),
  })
  .prefault({})
  .describe("How long certificates last, and what signs them. Only an `up` renews them.");
