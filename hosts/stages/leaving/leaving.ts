import type { Stage } from "../../stage.ts";

export interface LeavingStageArgs {
  host: { name: string; address: string };
  owner: string;
  /** True on control planes. An etcd host that is none only looks at their marks. */
  marks: boolean;
}

/**
 * Does nothing until it is deleted, which happens before anything else is: then it marks its control plane as leaving. When all
 * are marked the cluster goes as a whole, and nothing is drained, moved or asked for.
 */
export function leavingStage({ host, owner, marks }: LeavingStageArgs): Stage {
  return { name: "leaving", host: host.name, owner, settings: { HOST_ADDRESS: host.address, ...(!marks && { MARKS: "no" }) } };
}
