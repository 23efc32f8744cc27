import * as pulumi from "@pulumi/pulumi";

/**
 * The region of the zones, which the AWS provider must work in too: its own key `aws:region`, or the environment.
 *
 * @throws pulumi.RunError where the two differ, before anything is made
 */
export function regionOf(zones: readonly string[]): string {
  const wanted = (zones[0] ?? "").slice(0, -1);
  const used = new pulumi.Config("aws").get("region") ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
  if (used === wanted) return wanted;
  const found = used === undefined ? "is not set" : `is ${used}`;
  throw new pulumi.RunError(
    `the AWS provider's region ${found}, and cluster.aws.zones are in ${wanted}: set aws:region: ${wanted} beside ha-kubernetes:cluster in the stack's file`,
  );
}
