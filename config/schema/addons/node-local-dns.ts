import { z } from "zod";
import { whole } from "../../values.ts";

/** A cache of DNS answers on every node. */
export const nodeLocalDnsSchema = z
  .strictObject({
    cacheEntries: whole(1024, 1_000_000).default(9984).describe("So many answers, and as many denials, are kept on each node."),
    cacheSeconds: whole(1, 3600)
      .default(30)
      .describe("How long answers are kept, at most. Names of Services that change are as old for so long."),
    memoryLimitMebibytes: whole(32, 4096).default(128).describe("Memory limit on each node."),
  })
  .optional()
  .describe(
    "A DNS cache on every node: pods ask it at the cluster DNS's own address, and another one where it is not ready. By default none. See docs/addons.md.",
  );
