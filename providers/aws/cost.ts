import { counted } from "../../config/problems.ts";
import { machineOf } from "./config/machines.ts";
import type { AwsCluster, AwsConfig } from "./config/schema.ts";

/** What costs money on AWS, counted from the config: no prices, which differ by region, contract and day. Traffic comes on top. */
export function costs(cluster: AwsCluster, aws: AwsConfig): string[] {
  const hosts = Object.entries(cluster.hosts).filter(([, { lost }]) => !lost);
  const machines = hosts.map(([name, host]) => machineOf(cluster, name, host));
  const { bastion } = aws.ssh;
  const types = [
    ...machines.map(({ instanceType, spot }) => `${instanceType}${spot ? " spot" : ""}`),
    ...(bastion ? [bastion.instanceType] : []),
  ];
  const members = hosts.filter(([, { roles }]) => roles.includes("etcd")).length;
  const roots = machines.reduce((sum, { rootDisk }) => sum + rootDisk.sizeGibibytes, bastion ? BASTION_DISK_GIBIBYTES : 0);
  const { type, sizeGibibytes, iops } = aws.etcdVolume;
  const nats = aws.network.existing !== undefined ? 0 : aws.network.natGateways === "one" ? 1 : aws.zones.length;
  const addresses = nats + (bastion ? 1 : 0) + (aws.api.public ? aws.zones.length : 0);
  const scaled = Object.entries(cluster.pools).flatMap(([name, { autoscaling }]) =>
    autoscaling === undefined
      ? []
      : [`pool ${name}: ${autoscaling.minimum} to ${autoscaling.maximum} more instances with a root disk each`],
  );
  const snapshots = cluster.etcd.backup.enabled && cluster.etcd.backup.copyToS3 === undefined;
  return [
    `${counted(types.length, "instance")}: ${tally(types)}`,
    `${counted(types.length, "root disk")} of gp3, ${roots} GiB together`,
    `${counted(members, "volume")} of ${type} for etcd, ${sizeGibibytes} GiB and ${iops} IOPS each`,
    "1 Network Load Balancer",
    ...(nats > 0 ? [counted(nats, "NAT gateway")] : []),
    ...(addresses > 0 ? [`${addresses} public IPv4 address${addresses === 1 ? "" : "es"}`] : []),
    ...(aws.api.hostedZone === undefined ? ["1 private Route 53 zone"] : []),
    ...(snapshots || scaled.length > 0 ? ["1 S3 bucket, and what lies in it"] : []),
    ...scaled,
  ];
}

/** The bastion's root disk. */
export const BASTION_DISK_GIBIBYTES = 8;

/** How many of each, such as `3 m7i.large, 1 t4g.nano`. */
function tally(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => `${count} ${word}`).join(", ");
}
