import { z } from "zod";
import { oneOf } from "../../values.ts";

/** The dashboard. */
export const headlampSchema = z
  .strictObject({
    rights: oneOf(["view", "none"])
      .default("view")
      .describe(
        "What the ServiceAccount headlamp, whose token logs in, may see: view, what Kubernetes' role `view` lets it and the Nodes, no Secrets; none, nothing. You log in with a token of your own, too.",
      ),
  })
  .optional()
  .describe(
    "Headlamp, a dashboard. It has a Service inside the cluster alone: reach it by `kubectl port-forward`. By default none.",
  );
