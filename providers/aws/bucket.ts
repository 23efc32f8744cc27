import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../../config/schema.ts";
import type { BackupBucket } from "../../hosts/tools/etcd/backup.ts";
import type { AwsConfig } from "./config/schema.ts";
import { backupStatements, partitionOf, policyDocument } from "./policies.ts";
import {
  Bucket,
  BucketLifecycleConfiguration,
  BucketPolicy,
  BucketPublicAccessBlock,
  BucketServerSideEncryptionConfiguration,
  BucketVersioning,
  RolePolicy,
} from "./resources.ts";
import type { Profiles } from "./roles.ts";
import { type Naming, tagsOf } from "./tags.ts";

/** Where snapshots of etcd lie in the stack's bucket, and where what pools start with. */
const SNAPSHOTS = "etcd";
export const POOLS = "pools";

export interface StackBucket {
  bucket: Bucket;
  /** For Infrastructure.backupBucket; absent where snapshots go elsewhere or are off. */
  backup?: pulumi.Output<BackupBucket>;
}

/** Pools that the autoscaler sizes. */
export const scaledPoolNames = ({ pools }: Cluster) =>
  Object.keys(pools).filter((name) => pools[name]?.autoscaling !== undefined);

/**
 * The stack's own bucket: encrypted, versioned, closed to the public and to plain HTTP. It stays when the stack goes, unless the config
 * says otherwise. Undefined where nothing needs one.
 */
export function createBucket(
  cluster: Cluster,
  aws: AwsConfig,
  region: string,
  profiles: Profiles,
  naming: Naming,
  parent: pulumi.Resource,
): StackBucket | undefined {
  const { enabled, copyToS3 } = cluster.etcd.backup;
  const holdsSnapshots = enabled && copyToS3 === undefined;
  if (!holdsSnapshots && scaledPoolNames(cluster).length === 0) return undefined;
  const { snapshotDays, deleteWithStack } = aws.bucket;
  const options = { parent, retainOnDelete: !deleteWithStack };
  const bucket = new Bucket(
    "bucket",
    { bucketPrefix: `${cluster.name}-`, forceDestroy: deleteWithStack, tags: tagsOf(naming, "bucket") },
    options,
  );
  const of = { bucket: bucket.bucket };
  const publicAccess = new BucketPublicAccessBlock(
    "bucket",
    { ...of, blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true },
    options,
  );
  new BucketVersioning("bucket", { ...of, versioningConfiguration: { status: "Enabled" } }, options);
  const byDefault = aws.kmsKey ? { sseAlgorithm: "aws:kms", kmsMasterKeyId: aws.kmsKey } : { sseAlgorithm: "AES256" };
  const encryption = { applyServerSideEncryptionByDefault: byDefault, bucketKeyEnabled: aws.kmsKey !== undefined };
  new BucketServerSideEncryptionConfiguration("bucket", { ...of, rules: [encryption] }, options);
  const kept = { status: "Enabled", noncurrentVersionExpiration: { noncurrentDays: snapshotDays } };
  new BucketLifecycleConfiguration(
    "bucket",
    {
      ...of,
      rules: [
        { id: SNAPSHOTS, filter: { prefix: `${SNAPSHOTS}/` }, expiration: { days: snapshotDays }, ...kept },
        { id: POOLS, filter: { prefix: `${POOLS}/` }, ...kept },
      ],
    },
    options,
  );
  const policy = pulumi.output(bucket.bucket).apply((name) => JSON.stringify(onlyTls(name, region)));
  // Two settings of one bucket can't be made at once.
  new BucketPolicy("bucket", { ...of, policy }, { ...options, dependsOn: publicAccess });
  if (!holdsSnapshots) return { bucket };
  const holders = Object.values(cluster.hosts).filter(({ roles }) => roles.includes("etcd"));
  for (const role of ["control-plane", "etcd"] as const) {
    if (!holders.some(({ roles }) => roles.includes("control-plane") === (role === "control-plane"))) continue;
    const statements = pulumi
      .output(bucket.bucket)
      .apply((name) =>
        JSON.stringify(
          policyDocument(
            backupStatements({ cluster: cluster.name, region, kmsKey: aws.kmsKey }, { bucket: name, prefix: SNAPSHOTS }),
          ),
        ),
      );
    new RolePolicy(`backup-${role}`, { role: profiles[role].role.id, policy: statements }, { parent });
  }
  return { bucket, backup: pulumi.output(bucket.bucket).apply((name) => ({ bucket: name, region, prefix: SNAPSHOTS })) };
}

/** Refuses requests without TLS. */
function onlyTls(bucket: string, region: string) {
  const arn = `arn:${partitionOf(region)}:s3:::${bucket}`;
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "OnlyTls",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: [arn, `${arn}/*`],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ],
  };
}
