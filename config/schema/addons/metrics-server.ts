import { z } from "zod";
import { switchOn, whole } from "../../values.ts";

const metricsServer = z.strictObject({
  enabled: switchOn("Install it."),
  replicas: whole(1, 10).default(2).describe("Its pods, spread over nodes."),
});

type Input = z.input<typeof metricsServer>;

/** `true` and `false` are short for `enabled`. */
export const metricsServerSchema = z
  .preprocess((given: boolean | Input): Input => (typeof given === "boolean" ? { enabled: given } : given), metricsServer)
  .prefault(false)
  .describe(
    "metrics-server, which gives processor and memory use to `kubectl top` and to autoscalers. While it is on, kubelets serve with certificates of the cluster's authority, which it verifies. true and false are short for a mapping with `enabled` alone. By default off.",
  );
