import { z } from "zod";
import { absolutePath, onOff, switchOn } from "../../values.ts";

const localPath = z.strictObject({
  enabled: switchOn("Install it."),
  path: absolutePath
    .default("/var/lib/local-path")
    .describe("The folder on every node in which each volume gets a folder of its own. A change is for new volumes."),
  default: onOff.default(true).describe("Claims that name no class get this one. One class of a cluster may be the default."),
});

type Input = z.input<typeof localPath>;

/** `true` and `false` are short for `enabled`. */
export const localPathSchema = z
  .preprocess((given: boolean | Input): Input => (typeof given === "boolean" ? { enabled: given } : given), localPath)
  .prefault(false)
  .describe(
    "local-path-provisioner: volumes that are folders on a node's own disk, of the StorageClass local-path. Such a volume is as durable as that disk, and its pod stays on that node. true and false are short for a mapping with `enabled` alone. By default off.",
  );
