import type { Cluster } from "../../config/schema.ts";
import { readManifest } from "../baremetal/artifacts.ts";
import type { Infrastructure } from "../contract.ts";

export { configuredArtifacts } from "../baremetal/artifacts.ts";

/** The cloud controller's image, where the bundle was made with it; elsewhere control planes pull it by its tag. */
export function bundledCloudImages({ manifest }: Cluster["artifacts"]): NonNullable<Infrastructure["cloudImages"]> {
  const group = "aws-cloud-controller-manager";
  const has = manifest !== undefined && Object.keys(readManifest(manifest)).some((file) => file.startsWith(`images-${group}-`));
  return has ? [group] : [];
}
