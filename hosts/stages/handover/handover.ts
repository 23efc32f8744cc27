import type { Stage } from "../../stage.ts";

export interface HandoverStageArgs {
  host: { name: string; address: string };
  owner: string;
  /** True on control planes: then another one has to be ready, too. */
  controlPlane: boolean;
}

/**
 * Does nothing until it is deleted, which happens before its machine goes, also where only another machine takes its place: then it
 * waits for the turn, and until the others are well without this host.
 */
export function handoverStage({ host, owner, controlPlane }: HandoverStageArgs): Stage {
  const settings = { HOST_ADDRESS: host.address, CONTROL_PLANE: controlPlane ? "yes" : "no" };
  return { name: "handover", host: host.name, owner, settings };
}
