import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketEncryptionCommand,
  DeleteBucketLifecycleCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeletePublicAccessBlockCommand,
  HeadBucketCommand,
  ListObjectVersionsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
} from "@aws-sdk/client-s3";
import type { Clients } from "../clients.ts";
import { first, type Inputs, type Kinds, only, tagList } from "../kind.ts";

/** All versions of all objects, as the real provider's forceDestroy does. */
async function empty({ s3 }: Clients, Bucket: string): Promise<void> {
  for (;;) {
    const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
    if (Objects.length === 0) return;
    // moto answers 500 to this where versioning is suspended, as it is once the bucket's versioning was deleted.
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
    await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  }
}

function lifecycleRule(rule: Inputs) {
  const known = "id status filter expiration noncurrentVersionExpiration abortIncompleteMultipartUpload";
  const { id: ID, status: Status, filter = {}, expiration, ...rest } = only("rules", rule, known);
  const { prefix: Prefix = "" } = only("filter", filter, "prefix");
  const { noncurrentVersionExpiration: old, abortIncompleteMultipartUpload: abort } = rest;
  const days = (key: string, value: Inputs, name: string) => only(key, value, name)[name];
  return {
    ID,
    Status,
    Filter: { Prefix },
    ...(expiration && { Expiration: { Days: days("expiration", expiration, "days") } }),
    ...(old && { NoncurrentVersionExpiration: { NoncurrentDays: days("noncurrentVersionExpiration", old, "noncurrentDays") } }),
    ...(abort && {
      AbortIncompleteMultipartUpload: {
        DaysAfterInitiation: days("abortIncompleteMultipartUpload", abort, "daysAfterInitiation"),
      },
    }),
  };
}

async function putLifecycle({ s3 }: Clients, { bucket: Bucket, rules }: Inputs) {
  const LifecycleConfiguration = { Rules: rules.map(lifecycleRule) };
  await s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }));
}

/** Buckets and their settings. */
export const bucketKinds: Kinds = {
  "aws:s3/bucket:Bucket": {
    optional: "forceDestroy tags",
    replaces: "bucket bucketPrefix",
    named: { key: "bucket", prefix: "bucketPrefix", length: 63 },
    // Read only when the bucket is deleted.
    updates: { forceDestroy: async () => undefined },
    create: async ({ s3 }, { bucket: Bucket, tags }) => {
      const region = process.env.AWS_REGION as "eu-central-1";
      await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: region } }));
      if (tags) await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: tagList(tags) } }));
      return Bucket;
    },
    read: async ({ s3 }, Bucket) => {
      await s3.send(new HeadBucketCommand({ Bucket }));
      return { arn: `arn:aws:s3:::${Bucket}` };
    },
    delete: async (clients, Bucket, { forceDestroy }) => {
      if (forceDestroy) await empty(clients, Bucket);
      await clients.s3.send(new DeleteBucketCommand({ Bucket }));
    },
  },
  "aws:s3/bucketVersioning:BucketVersioning": {
    required: "bucket versioningConfiguration",
    replaces: "bucket",
    create: async ({ s3 }, { bucket: Bucket, versioningConfiguration }) => {
      const { status: Status } = only("versioningConfiguration", versioningConfiguration, "status");
      await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
      return Bucket;
    },
    delete: ({ s3 }, Bucket) =>
      s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Suspended" } })),
  },
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": {
    required: "bucket rules",
    replaces: "bucket",
    create: async ({ s3 }, { bucket: Bucket, rules }) => {
      const rule = only("rules", first("rules", rules as Inputs[]), "applyServerSideEncryptionByDefault bucketKeyEnabled");
      const { sseAlgorithm: SSEAlgorithm, kmsMasterKeyId: KMSMasterKeyID } = only(
        "applyServerSideEncryptionByDefault",
        rule.applyServerSideEncryptionByDefault,
        "sseAlgorithm kmsMasterKeyId",
      );
      const Rules = [
        {
          ApplyServerSideEncryptionByDefault: { SSEAlgorithm, KMSMasterKeyID },
          BucketKeyEnabled: rule.bucketKeyEnabled,
        },
      ];
      await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }));
      return Bucket;
    },
    delete: ({ s3 }, Bucket) => s3.send(new DeleteBucketEncryptionCommand({ Bucket })),
  },
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": {
    required: "bucket rules",
    replaces: "bucket",
    updates: { rules: (clients, _, inputs) => putLifecycle(clients, inputs) },
    create: async (clients, inputs) => {
      await putLifecycle(clients, inputs);
      return inputs.bucket;
    },
    delete: ({ s3 }, Bucket) => s3.send(new DeleteBucketLifecycleCommand({ Bucket })),
  },
  "aws:s3/bucketPolicy:BucketPolicy": {
    required: "bucket policy",
    replaces: "bucket",
    updates: { policy: (clients, Bucket, { policy: Policy }) => clients.s3.send(new PutBucketPolicyCommand({ Bucket, Policy })) },
    create: async ({ s3 }, { bucket: Bucket, policy: Policy }) => {
      await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
      return Bucket;
    },
    delete: ({ s3 }, Bucket) => s3.send(new DeleteBucketPolicyCommand({ Bucket })),
  },
  "aws:s3/bucketObjectv2:BucketObjectv2": {
    required: "bucket key content",
    replaces: "bucket key",
    create: async ({ s3 }, { bucket: Bucket, key: Key, content: Body }) => {
      await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
      return Key;
    },
    delete: ({ s3 }, Key, { bucket: Bucket }) => s3.send(new DeleteObjectCommand({ Bucket, Key })),
  },
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": {
    required: "bucket",
    optional: "blockPublicAcls blockPublicPolicy ignorePublicAcls restrictPublicBuckets",
    replaces: "bucket",
    create: async ({ s3 }, inputs) => {
      const PublicAccessBlockConfiguration = {
        BlockPublicAcls: inputs.blockPublicAcls,
        BlockPublicPolicy: inputs.blockPublicPolicy,
        IgnorePublicAcls: inputs.ignorePublicAcls,
        RestrictPublicBuckets: inputs.restrictPublicBuckets,
      };
      await s3.send(new PutPublicAccessBlockCommand({ Bucket: inputs.bucket, PublicAccessBlockConfiguration }));
      return inputs.bucket;
    },
    delete: ({ s3 }, Bucket) => s3.send(new DeletePublicAccessBlockCommand({ Bucket })),
  },
};
