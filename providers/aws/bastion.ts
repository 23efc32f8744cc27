import type * as pulumi from "@pulumi/pulumi";
import { architectureOf } from "./config/machines.ts";
import type { AwsCluster } from "./config/schema.ts";
import { plantedKeys, type SshKey, sshKey, type WayIn } from "./connection.ts";
import { BASTION_DISK_GIBIBYTES } from "./cost.ts";
import { imageId } from "./image.ts";
import { instanceDefaults } from "./machine.ts";
import type { Network } from "./network.ts";
import { AwsPart } from "./part.ts";
import { Eip, Instance, NetworkInterface } from "./resources.ts";
import type { Groups } from "./security-groups.ts";
import { tagsOf } from "./tags.ts";

export interface BastionArgs {
  /** The cluster's config: its name and `aws`. */
  cluster: Pick<AwsCluster, "name" | "aws">;
  /** The instance's type, of which the architecture follows. */
  instanceType: string;
  /** The public subnet that the bastion is in. */
  subnetId: pulumi.Input<string>;
  /** What the way out needs. */
  ready: Network["ready"];
  /** Where those who may come in are let in. */
  groups: Pick<Groups, "bastion">;
  /** The key that logs in. */
  login: SshKey;
}

/** A small instance with a public address. It has no role in the account and holds no secret but its host key. */
export class Bastion extends AwsPart implements WayIn {
  /** Public, and its own: another instance keeps it. */
  readonly address: pulumi.Output<string>;
  readonly hostKey: SshKey;

  constructor(name: string, args: BastionArgs, options?: pulumi.ComponentResourceOptions) {
    super("Bastion", name, options);
    const { cluster, groups, instanceType, login, ready, subnetId } = args;
    const { aws } = cluster;
    const { own } = this;
    const tags = tagsOf(cluster, "bastion");
    this.hostKey = sshKey("host-key-bastion", own);
    const eni = new NetworkInterface("bastion", { subnetId, securityGroups: [groups.bastion.id], tags }, own);
    const eip = new Eip("bastion", { domain: "vpc", networkInterface: eni.id, tags }, { ...own, dependsOn: [...ready] });
    new Instance(
      "bastion",
      {
        ...instanceDefaults,
        ami: imageId({ os: "ubuntu-24.04" }, architectureOf(instanceType), this),
        instanceType,
        primaryNetworkInterface: { networkInterfaceId: eni.id },
        userData: plantedKeys("bastion", instanceType, aws, login, this.hostKey),
        rootBlockDevice: { volumeType: "gp3", volumeSize: BASTION_DISK_GIBIBYTES, encrypted: true, kmsKeyId: aws.kmsKey, tags },
        tags,
      },
      {
        ...own,
        deleteBeforeReplace: true,
        ignoreChanges: ["ami", "rootBlockDevice.kmsKeyId"],
        additionalSecretOutputs: ["userData", "userDataBase64"],
      },
    );
    this.address = eip.publicIp;
    this.registerOutputs({ address: this.address });
  }
}
