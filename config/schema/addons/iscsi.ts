import { z } from "zod";
import { onOff } from "../../values.ts";

/** iSCSI on nodes. */
export const iscsiSchema = z
  .strictObject({
    multipath: onOff
      .default(false)
      .describe(
        "Install multipath-tools, too: a disk that a storage array offers over several portals is one disk to the node, and goes on when a path fails.",
      ),
  })
  .optional()
  .describe(
    "Prepare every node for volumes of iSCSI: open-iscsi and the kernel's module. By default none of it. See docs/storage.md.",
  );
