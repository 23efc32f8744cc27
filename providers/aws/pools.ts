import * as pulumi from "@pulumi/pulumi";
import type { PoolStages } from "../../hosts/pool-stages.ts";
import { objectsUrl } from "../../hosts/tools/etcd/backup.ts";
import type { Infrastructure, ScaledPool } from "../contract.ts";
import { discoveryTags } from "./addons/autoscaler.ts";
import { POOLS, type StackBucket, scaledPoolNames } from "./bucket.ts";
import { poolMachine } from "./config/machines.ts";
import type { AwsCluster, AwsConfig } from "./config/schema.ts";
import { joinTokenFiles } from "./hosts/join-tokens.ts";
import { instanceProviderId, poolUserData } from "./hosts/pool-user-data.ts";
import { imageId } from "./image.ts";
import { groupsOf } from "./ingress.ts";
import { instanceDefaults } from "./machines.ts";
import type { Network } from "./network.ts";
import { joinParameter, joinReaderStatements, partitionOf, policyDocument } from "./policies.ts";
import { BucketObjectv2, Group, InstanceProfile, LaunchTemplate, Parameter, Role, RolePolicy } from "./resources.ts";
import { instanceTrust } from "./roles.ts";
import type { Groups } from "./security-groups.ts";
import { clusterTag, type Naming, tagsOf } from "./tags.ts";

export interface PoolsArgs {
  cluster: AwsCluster;
  aws: AwsConfig;
  region: string;
  network: Network;
  groups: Groups;
  bucket: StackBucket | undefined;
  naming: Naming;
}

/**
 * What auto-scaling pools need before there is a cluster: for each a role, and a parameter for its join token. The group itself is
 * made by the pool's component, once its instances would find an API.
 */
export function createPools(args: PoolsArgs, parent: pulumi.Resource): Pick<Infrastructure, "scaledPools" | "joinTokens"> {
  const { cluster, region, bucket } = args;
  const names = scaledPoolNames(cluster);
  if (names.length === 0 || bucket === undefined) return {};
  const parameters: Record<string, string> = {};
  const scaledPools: Record<string, ScaledPool> = {};
  for (const pool of names) {
    const parameter = joinParameter(cluster.name, pool);
    parameters[pool] = parameter;
    new Parameter(
      `join-${pool}`,
      { name: parameter, type: "SecureString", value: "none", tags: tagsOf(args.naming, `join-${pool}`) },
      // Control planes write it from here on.
      { parent, ignoreChanges: ["value"] },
    );
    const profile = createProfile(pool, args, bucket, parent);
    const { architecture } = poolMachine(cluster, pool);
    scaledPools[pool] = {
      architecture,
      providerId: instanceProviderId,
      create: (stages, options) => createGroup(pool, stages, { ...args, bucket, profile, parameter }, options),
    };
  }
  return { scaledPools, joinTokens: joinTokenFiles({ region, parameters }) };
}

function createProfile(
  pool: string,
  { cluster, aws, region, naming }: PoolsArgs,
  { bucket }: StackBucket,
  parent: pulumi.Resource,
): InstanceProfile {
  const name = `pool-${pool}`;
  const tags = tagsOf(naming, name);
  const role = new Role(name, { assumeRolePolicy: instanceTrust, tags }, { parent });
  const policy = pulumi.output(bucket.bucket).apply((bucketName) =>
    JSON.stringify(
      policyDocument([
        ...joinReaderStatements({ cluster: cluster.name, region }, pool),
        {
          Sid: "StagesRead",
          Effect: "Allow",
          Action: ["s3:GetObject"],
          Resource: `arn:${partitionOf(region)}:s3:::${bucketName}/${POOLS}/${pool}/*`,
        },
        ...(aws.kmsKey
          ? [{ Sid: "StagesDecrypt", Effect: "Allow" as const, Action: ["kms:Decrypt"], Resource: aws.kmsKey }]
          : []),
      ]),
    ),
  );
  new RolePolicy(name, { role: role.id, policy }, { parent });
  return new InstanceProfile(name, { role: role.name, tags }, { parent });
}

/** The device that each system's images call their root disk. */
const rootDevices = { "ubuntu-24.04": "/dev/sda1", "debian-12": "/dev/xvda" } as const;

function createGroup(
  pool: string,
  stages: pulumi.Output<PoolStages>,
  args: PoolsArgs & { bucket: StackBucket; profile: InstanceProfile; parameter: string },
  options: pulumi.CustomResourceOptions,
): void {
  const { cluster, aws, region, network, groups, naming, parameter } = args;
  const name = `pool-${pool}`;
  const { bucket } = args.bucket.bucket;
  const { instanceType, architecture, image, rootDisk, spot } = poolMachine(cluster, pool);
  // Another content is another object: instances that are just starting find theirs.
  const key = stages.apply(({ sha256 }) => `${POOLS}/${pool}/${sha256}`);
  const content = stages.apply((it) => it.content);
  const object = new BucketObjectv2(`${name}-stages`, { bucket, key, content }, options);
  const userData = pulumi.all([bucket, object.key, stages]).apply(([bucket, key, { sha256 }]) => {
    const url = objectsUrl({ bucket, region, prefix: key });
    const text = poolUserData({ cluster: cluster.name, pool, region, stages: { url, sha256 }, tokenParameter: parameter });
    return Buffer.from(text).toString("base64");
  });
  const tags = tagsOf(naming, name, { ...clusterTag(naming), "ha-kubernetes/pool": pool, "ha-kubernetes/role": "worker" });
  const template = new LaunchTemplate(
    name,
    {
      namePrefix: `${cluster.name}-${name}-`,
      imageId: imageId(image, architecture, options.parent as pulumi.Resource),
      instanceType,
      iamInstanceProfile: { name: args.profile.name },
      vpcSecurityGroupIds: groupsOf(["worker"]).map((group) => groups[group].id),
      metadataOptions: instanceDefaults.metadataOptions,
      blockDeviceMappings: [
        {
          deviceName: rootDevices[image.os],
          ebs: {
            volumeType: "gp3",
            volumeSize: rootDisk.sizeGibibytes,
            iops: rootDisk.iops,
            throughput: rootDisk.throughputMebibytes,
            encrypted: "true",
            kmsKeyId: aws.kmsKey,
            deleteOnTermination: "true",
          },
        },
      ],
      userData,
      ...(spot && { instanceMarketOptions: { marketType: "spot" } }),
      tagSpecifications: ["instance", "volume"].map((resourceType) => ({ resourceType, tags })),
      tags: tagsOf(naming, name),
    },
    // A newer image alone makes no new version: the next other change takes it.
    { ...options, ignoreChanges: ["imageId"] },
  );
  const { minimum, maximum } = cluster.pools[pool]?.autoscaling ?? { minimum: 0, maximum: 0 };
  new Group(
    name,
    {
      namePrefix: `${cluster.name}-${name}-`,
      minSize: minimum,
      maxSize: maximum,
      vpcZoneIdentifiers: aws.zones.map((zone) => network.privateSubnets[zone] ?? ""),
      launchTemplate: { id: template.id, version: template.latestVersion.apply(String) },
      // AWS's own evening out of zones would end instances without draining them.
      suspendedProcesses: ["AZRebalance"],
      tags: Object.entries(groupTags(cluster, pool, tags)).map(([key, value]) => ({ key, value, propagateAtLaunch: false })),
    },
    { ...options, dependsOn: [...[options.dependsOn ?? []].flat(), ...network.ready] as pulumi.Resource[] },
  );
}

/** What the autoscaler reads: that the group is its own, and what a Node of it would be while there is none. Pure. */
function groupTags(cluster: AwsCluster, pool: string, tags: Readonly<Record<string, string>>): Record<string, string> {
  const { labels = {}, taints = [] } = cluster.pools[pool] ?? {};
  const [enabled = "", own = ""] = discoveryTags(cluster.name);
  const hint = (kind: string, key: string) => `k8s.io/cluster-autoscaler/node-template/${kind}/${key}`;
  const entries = Object.entries({ "ha-kubernetes/pool": pool, ...labels });
  return {
    ...tags,
    [enabled]: "true",
    [own]: "owned",
    ...Object.fromEntries(entries.map(([key, value]) => [hint("label", key), value])),
    ...Object.fromEntries(taints.map(({ key, value, effect }) => [hint("taint", key), `${value}:${effect}`])),
  };
}
