import { z } from "zod";
import { onOff, whole } from "../../values.ts";

const settings = z.strictObject({
  replicas: whole(1, 10)
    .default(2)
    .describe(
      "Pods of each of its three parts. One of the controller's and one of the injector's leads; all of the webhook's answer.",
    ),
  gatewayApi: onOff
    .optional()
    .describe("Also make certificates of annotated Gateways. By default true where addons.ingress serves the Gateway API."),
});

type Input = z.input<typeof settings>;

/** cert-manager: certificates as objects, from an authority of yours or from an ACME one. `true` is short for its defaults. */
export const certManagerSchema = z
  .preprocess(
    (given: boolean | Input | undefined): Input | undefined => (given === true ? {} : given === false ? undefined : given),
    settings.optional(),
  )
  .optional()
  .describe("cert-manager, which keeps certificates in Secrets and renews them: true, or its settings. By default off.");
