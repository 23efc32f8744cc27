import { z } from "zod";
import { whole } from "../values.ts";

/** How pods leave a node. */
export const drainSchema = z
  .strictObject({
    timeoutSeconds: whole(1, 86400)
      .default(300)
      .describe("How long a drain may wait for PodDisruptionBudgets and terminating pods before the step refuses."),
  })
  .prefault({})
  .describe("How pods leave a node that is removed or changed.");
