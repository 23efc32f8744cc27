import type { AwsCluster } from "./config/schema.ts";

/** The tag by which cloud-provider-aws and the cluster autoscaler find the cluster's resources. */
export const clusterTag = ({ name }: Pick<AwsCluster, "name">): Record<string, string> => ({
  [`kubernetes.io/cluster/${name}`]: "owned",
});

/** Tags of a resource: the user's, who made it, and a name that says what it is for. */
export function tagsOf(
  { name, aws }: Pick<AwsCluster, "name" | "aws">,
  what: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return { ...aws.tags, Name: `${name}-${what}`, "ha-kubernetes/cluster": name, ...more };
}
