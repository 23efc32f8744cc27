import * as pulumi from "@pulumi/pulumi";
import type { PoolStages } from "../../hosts/pool-stages.ts";
import { objectsUrl } from "../../hosts/tools/etcd/backup.ts";
import type { ScaledPool } from "../contract.ts";
import { discoveryTags } from "./addons/autoscaler.ts";
import { POOLS } from "./bucket.ts";
import { poolMachine } from "./config/machines.ts";
import type { AwsCluster } from "./config/schema.ts";
import { instanceProviderId, poolUserData } from "./hosts/pool-user-data.ts";
import { imageId } from "./image.ts";
import { groupsOf } from "./ingress.ts";
import { instanceDefaults } from "./machine.ts";
import type { Network } from "./network.ts";
import { AwsPart } from "./part.ts";
import { joinParameter, joinReaderStatements, partitionOf, policyDocument } from "./policies.ts";
import { BucketObjectv2, Group, InstanceProfile, LaunchTemplate, Parameter, Role, RolePolicy } from "./resources.ts";
import { instanceTrust } from "./roles.ts";
import type { Groups } from "./security-groups.ts";
import { clusterTag, tagsOf } from "./tags.ts";

export interface PoolArgs {
  /** The cluster's config: its name, `aws` and `pools`. */
  cluster: AwsCluster;
  /** The region of the zones. */
  region: string;
  /** Where instances are. */
  network: Pick<Network, "privateSubnets" | "ready">;
  /** Who may reach them. */
  groups: Groups;
  /** The name of the bucket that holds what they start with. */
  bucket: pulumi.Output<string>;
}

/**
 * What an auto-scaling pool needs before there is a cluster: a role, and a parameter for its join token. Its instances would find
 * no API yet: `create` makes the group of them later. The component's name is the pool's.
 */
export class Pool extends AwsPart implements ScaledPool {
  readonly architecture: ScaledPool["architecture"];
  readonly providerId = instanceProviderId;
  /** The parameter of Parameter Store that holds the join token. */
  readonly parameter: string;
  readonly #pool: string;
  readonly #args: PoolArgs;
  readonly #profile: InstanceProfile;

  constructor(name: string, args: PoolArgs, options?: pulumi.ComponentResourceOptions) {
    super("Pool", name, options);
    const { cluster } = args;
    this.#pool = name;
    this.#args = args;
    this.architecture = poolMachine(cluster, name).architecture;
    this.parameter = joinParameter(cluster.name, name);
    new Parameter(
      `join-${name}`,
      { name: this.parameter, type: "SecureString", value: "none", tags: tagsOf(cluster, `join-${name}`) },
      // Control planes write it from here on.
      { ...this.own, ignoreChanges: ["value"] },
    );
    this.#profile = this.createProfile(`pool-${name}`, args);
    this.registerOutputs({ parameter: this.parameter, profile: this.#profile.name });
  }

  private createProfile(name: string, { bucket, cluster, region }: PoolArgs): InstanceProfile {
    const pool = this.#pool;
    const { kmsKey } = cluster.aws;
    const tags = tagsOf(cluster, name);
    const role = new Role(name, { assumeRolePolicy: instanceTrust, tags }, this.own);
    const policy = bucket.apply((bucketName) =>
      JSON.stringify(
        policyDocument([
          ...joinReaderStatements({ cluster: cluster.name, region }, pool),
          {
            Sid: "StagesRead",
            Effect: "Allow",
            Action: ["s3:GetObject"],
            Resource: `arn:${partitionOf(region)}:s3:::${bucketName}/${POOLS}/${pool}/*`,
          },
          ...(kmsKey ? [{ Sid: "StagesDecrypt", Effect: "Allow" as const, Action: ["kms:Decrypt"], Resource: kmsKey }] : []),
        ]),
      ),
    );
    new RolePolicy(name, { role: role.id, policy }, this.own);
    return new InstanceProfile(name, { role: role.name, tags }, this.own);
  }

  /** Makes the group of instances that run these stages when they start, with the options of the component that asks for it. */
  create(stages: pulumi.Output<PoolStages>, options: pulumi.CustomResourceOptions): void {
    const pool = this.#pool;
    const { cluster, network } = this.#args;
    const name = `pool-${pool}`;
    const tags = tagsOf(cluster, name, { ...clusterTag(cluster), "ha-kubernetes/pool": pool, "ha-kubernetes/role": "worker" });
    const template = this.createTemplate(name, tags, this.userData(name, stages, options), options);
    const { minimum, maximum } = cluster.pools[pool]?.autoscaling ?? { minimum: 0, maximum: 0 };
    new Group(
      name,
      {
        namePrefix: `${cluster.name}-${name}-`,
        minSize: minimum,
        maxSize: maximum,
        vpcZoneIdentifiers: cluster.aws.zones.map((zone) => network.privateSubnets[zone] ?? ""),
        launchTemplate: { id: template.id, version: template.latestVersion.apply(String) },
        // AWS's own evening out of zones would end instances without draining them.
        suspendedProcesses: ["AZRebalance"],
        tags: Object.entries(groupTags(cluster, pool, tags)).map(([key, value]) => ({ key, value, propagateAtLaunch: false })),
      },
      { ...options, dependsOn: [...[options.dependsOn ?? []].flat(), ...network.ready] as pulumi.Resource[] },
    );
  }

  /** Puts the stages into the bucket. @returns The user data that fetches them, in base64. */
  private userData(name: string, stages: pulumi.Output<PoolStages>, options: pulumi.CustomResourceOptions) {
    const { bucket, cluster, region } = this.#args;
    const pool = this.#pool;
    // Another content is another object: instances that are just starting find theirs.
    const key = stages.apply(({ sha256 }) => `${POOLS}/${pool}/${sha256}`);
    const content = stages.apply((it) => it.content);
    const object = new BucketObjectv2(`${name}-stages`, { bucket, key, content }, options);
    return pulumi.all([bucket, object.key, stages]).apply(([bucket, key, { sha256 }]) => {
      const url = objectsUrl({ bucket, region, prefix: key });
      const tokenParameter = this.parameter;
      const text = poolUserData({ cluster: cluster.name, pool, region, stages: { url, sha256 }, tokenParameter });
      return Buffer.from(text).toString("base64");
    });
  }

  private createTemplate(
    name: string,
    tags: Record<string, string>,
    userData: pulumi.Output<string>,
    options: pulumi.CustomResourceOptions,
  ): LaunchTemplate {
    const { cluster, groups } = this.#args;
    const { instanceType, architecture, image, rootDisk, spot } = poolMachine(cluster, this.#pool);
    return new LaunchTemplate(
      name,
      {
        namePrefix: `${cluster.name}-${name}-`,
        imageId: imageId(image, architecture, this),
        instanceType,
        iamInstanceProfile: { name: this.#profile.name },
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
              kmsKeyId: cluster.aws.kmsKey,
              deleteOnTermination: "true",
            },
          },
        ],
        userData,
        ...(spot && { instanceMarketOptions: { marketType: "spot" } }),
        tagSpecifications: ["instance", "volume"].map((resourceType) => ({ resourceType, tags })),
        tags: tagsOf(cluster, name),
      },
      // A newer image alone makes no new version: the next other change takes it.
      { ...options, ignoreChanges: ["imageId"] },
    );
  }
}

/** The device that each system's images call their root disk. */
const rootDevices = { "ubuntu-24.04": "/dev/sda1", "debian-12": "/dev/xvda" } as const;

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
