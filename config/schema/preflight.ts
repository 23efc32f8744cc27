import { z } from "zod";
import { oneOf } from "../values.ts";

/** The warnings of preflight, by the names that its messages give. Others are problems: nothing accepts those. */
const warningSchema = oneOf(["covered-range", "unclear-filter", "slow-disk", "clock-skew", "path-mtu", "degraded-array"]);

/** What preflight lets pass. */
export const preflightSchema = z
  .strictObject({
    accept: z
      .array(warningSchema)
      .default([])
      .describe(
        "Warnings of preflight that are accepted, by the names that it gives. Others stop the first `up` of a host, before anything is changed on any host. By default none.",
      ),
  })
  .prefault({});
