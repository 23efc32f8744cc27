import { appendFileSync } from "node:fs";
import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { IAMClient } from "@aws-sdk/client-iam";
import { Route53Client } from "@aws-sdk/client-route-53";
import { S3Client } from "@aws-sdk/client-s3";
import { SSMClient } from "@aws-sdk/client-ssm";
import { STSClient } from "@aws-sdk/client-sts";

/** One client for each service. Endpoint, region and credentials come from the environment, as for every program that uses the SDK. */
export interface Clients {
  ec2: EC2Client;
  elb: ElasticLoadBalancingV2Client;
  iam: IAMClient;
  s3: S3Client;
  ssm: SSMClient;
  autoscaling: AutoScalingClient;
  route53: Route53Client;
  sts: STSClient;
}

/** The service's name in IAM actions, by the client's. */
const services: Readonly<Record<string, string>> = {
  AutoScalingClient: "autoscaling",
  EC2Client: "ec2",
  ElasticLoadBalancingV2Client: "elasticloadbalancing",
  IAMClient: "iam",
  Route53Client: "route53",
  S3Client: "s3",
  SSMClient: "ssm",
  STSClient: "sts",
};

/** S3's actions whose names differ from the call's (Service Authorization Reference, Amazon S3). */
const otherNames: Readonly<Record<string, string>> = {
  "s3:HeadBucket": "s3:ListBucket",
  "s3:ListObjectVersions": "s3:ListBucketVersions",
  "s3:DeleteObjects": "s3:DeleteObject",
  "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
  "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
  "s3:DeleteBucketLifecycle": "s3:PutLifecycleConfiguration",
  "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
  "s3:DeletePublicAccessBlock": "s3:PutBucketPublicAccessBlock",
  "s3:DeleteBucketEncryption": "s3:PutEncryptionConfiguration",
};

/** Makes the clients. If `record` is given, each call adds a line with the IAM action that it needs to that file. */
export function makeClients(record = process.env.HA_KUBERNETES_TEST_AWS_CALLS): Clients {
  const clients = {
    ec2: new EC2Client(),
    elb: new ElasticLoadBalancingV2Client(),
    iam: new IAMClient(),
    // moto has one name for all buckets.
    s3: new S3Client({ forcePathStyle: true }),
    ssm: new SSMClient(),
    autoscaling: new AutoScalingClient(),
    route53: new Route53Client(),
    sts: new STSClient(),
  };
  if (record !== undefined) for (const client of Object.values(clients)) recordCalls(client, record);
  return clients;
}

function recordCalls(client: EC2Client | S3Client | IAMClient | Clients[keyof Clients], path: string): void {
  // The stacks of all clients are alike; only their input types differ.
  (client as EC2Client).middlewareStack.add(
    (next, { clientName, commandName }) =>
      (args) => {
        const call = `${services[clientName ?? ""]}:${(commandName ?? "").replace(/Command$/, "")}`;
        appendFileSync(path, `${otherNames[call] ?? call}\n`);
        return next(args);
      },
    { step: "initialize", name: "recordCalls" },
  );
}
