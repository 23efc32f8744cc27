import type { AwsCluster } from "./config/schema.ts";

/** Names and tags of the resources in the account. */
export interface Naming {
  cluster: string;
  /** The user's own tags. */
  tags: Readonly<Record<string, string>>;
}

export const namingOf = (cluster: AwsCluster): Naming => ({ cluster: cluster.name, tags: cluster.aws.tags });

/** The tag by which cloud-provider-aws and the cluster autoscaler find the cluster's resources. */
export const clusterTag = ({ cluster }: Naming): Record<string, string> => ({ [`kubernetes.io/cluster/${cluster}`]: "owned" });

/** Tags of a resource: the user's, who made it, and a name that says what it is for. */
export function tagsOf(
  { cluster, tags }: Naming,
  name: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return { ...tags, Name: `${cluster}-${name}`, "ha-kubernetes/cluster": cluster, ...more };
}
