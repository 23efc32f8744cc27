import type { Addon } from "../../../addons/addon.ts";
import { clusterAutoscaler } from "./autoscaler.ts";
import { cloudController } from "./cloud-controller.ts";
import { ebsCsi } from "./ebs-csi.ts";

/** What the add-ons must know of AWS. */
export interface AwsAddonsArgs {
  region: string;
  /** Key that volumes are encrypted with. By default AWS's own for EBS in the account. */
  kmsKey?: string;
}

/** Every add-on that AWS brings, in the order they are applied. */
export const awsAddons = (args: AwsAddonsArgs): readonly Addon[] => [cloudController, ebsCsi(args), clusterAutoscaler(args)];
