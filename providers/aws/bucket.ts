import * as pulumi from "@pulumi/pulumi";
import type { BackupBucket } from "../../hosts/tools/etcd/backup.ts";
import type { AwsCluster } from "./config/schema.ts";
import { AwsPart } from "./part.ts";
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
import { tagsOf } from "./tags.ts";

/** Where snapshots of etcd lie in the stack's bucket, and where what pools start with. */
const SNAPSHOTS = "etcd";
export const POOLS = "pools";

/** Pools that the autoscaler sizes. */
export const scaledPoolNames = ({ pools }: Pick<AwsCluster, "pools">) =>
  Object.keys(pools).filter((name) => pools[name]?.autoscaling !== undefined);

/** Whether snapshots go to the stack's bucket. */
const holdsSnapshots = ({ etcd }: AwsCluster) => etcd.backup.enabled && etcd.backup.copyToS3 === undefined;

/** Whether anything needs the stack's bucket. */
export const needsBucket = (cluster: AwsCluster) => holdsSnapshots(cluster) || scaledPoolNames(cluster).length > 0;

export interface StackBucketArgs {
  /** The cluster's config: its name, `aws`, `etcd.backup`, and which hosts have etcd. */
  cluster: AwsCluster;
  /** The region of the zones. */
  region: string;
  /** The roles of the instances that write snapshots. */
  profiles: Profiles;
}

/**
 * The stack's own bucket: encrypted, versioned, closed to the public and to plain HTTP. It stays when the stack goes, unless
 * `aws.bucket.deleteWithStack` says otherwise.
 */
export class StackBucket extends AwsPart {
  /** The bucket's name. */
  readonly bucket: pulumi.Output<string>;
  /** Where snapshots go; undefined where they go elsewhere or are off. */
  readonly backup: pulumi.Output<BackupBucket> | undefined;

  constructor(name: string, { cluster, profiles, region }: StackBucketArgs, options?: pulumi.ComponentResourceOptions) {
    super("StackBucket", name, options);
    const { bucket: settings, kmsKey } = cluster.aws;
    const own = { ...this.own, retainOnDelete: !settings.deleteWithStack };
    const made = new Bucket(
      "bucket",
      { bucketPrefix: `${cluster.name}-`, forceDestroy: settings.deleteWithStack, tags: tagsOf(cluster, "bucket") },
      own,
    );
    this.bucket = made.bucket;
    const of = { bucket: this.bucket };
    const publicAccess = new BucketPublicAccessBlock(
      "bucket",
      { ...of, blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true },
      own,
    );
    new BucketVersioning("bucket", { ...of, versioningConfiguration: { status: "Enabled" } }, own);
    const byDefault = kmsKey ? { sseAlgorithm: "aws:kms", kmsMasterKeyId: kmsKey } : { sseAlgorithm: "AES256" };
    const encryption = { applyServerSideEncryptionByDefault: byDefault, bucketKeyEnabled: kmsKey !== undefined };
    new BucketServerSideEncryptionConfiguration("bucket", { ...of, rules: [encryption] }, own);
    const { snapshotDays } = settings;
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
      own,
    );
    const policy = pulumi.output(this.bucket).apply((bucket) => JSON.stringify(onlyTls(bucket, region)));
    // Two settings of one bucket can't be made at once.
    new BucketPolicy("bucket", { ...of, policy }, { ...own, dependsOn: publicAccess });
    if (holdsSnapshots(cluster)) {
      this.letWrite(cluster, region, profiles);
      this.backup = pulumi.output(this.bucket).apply((bucket) => ({ bucket, region, prefix: SNAPSHOTS }));
    }
    this.registerOutputs({ bucket: this.bucket });
  }

  /** Lets instances with etcd add snapshots. */
  private letWrite({ aws, hosts, name }: AwsCluster, region: string, profiles: Profiles): void {
    const holders = Object.values(hosts).filter(({ roles }) => roles.includes("etcd"));
    for (const role of ["control-plane", "etcd"] as const) {
      if (!holders.some(({ roles }) => roles.includes("control-plane") === (role === "control-plane"))) continue;
      const scope = { cluster: name, region, kmsKey: aws.kmsKey };
      const policy = pulumi
        .output(this.bucket)
        .apply((bucket) => JSON.stringify(policyDocument(backupStatements(scope, { bucket, prefix: SNAPSHOTS }))));
      new RolePolicy(`backup-${role}`, { role: profiles[role].role.id, policy }, this.own);
    }
  }
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
