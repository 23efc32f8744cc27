import { onOff } from "../../values.ts";

/** Problems of nodes as conditions and events. */
export const nodeProblemDetectorSchema = onOff
  .default(false)
  .describe(
    "Run node-problem-detector on every node: it reads the kernel's log and makes conditions of the Node and events from it, such as KernelDeadlock and OOMKilling.",
  );
