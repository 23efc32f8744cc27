import type * as pulumi from "@pulumi/pulumi";
import { architectureOf } from "./config/machines.ts";
import type { AwsConfig } from "./config/schema.ts";
import { type Bastion, plantedKeys, type SshKey, sshKey } from "./connection.ts";
import { BASTION_DISK_GIBIBYTES } from "./cost.ts";
import { imageId } from "./image.ts";
import { instanceDefaults } from "./machines.ts";
import type { Network } from "./network.ts";
import { Eip, Instance, NetworkInterface } from "./resources.ts";
import type { Groups } from "./security-groups.ts";
import { type Naming, tagsOf } from "./tags.ts";

interface BastionArgs {
  aws: AwsConfig;
  network: Network;
  groups: Groups;
  login: SshKey;
  naming: Naming;
}

/** A small instance in the first zone's public subnet with a public address. It has no role in the account and holds no secret but its host key. */
export function createBastion(
  { aws, network, groups, login, naming }: BastionArgs,
  parent: pulumi.Resource,
): Bastion | undefined {
  const { bastion } = aws.ssh;
  const subnetId = network.publicSubnets[aws.zones[0] ?? ""];
  if (bastion === undefined || subnetId === undefined) return undefined;
  const tags = tagsOf(naming, "bastion");
  const hostKey = sshKey("host-key-bastion", parent);
  const eni = new NetworkInterface("bastion", { subnetId, securityGroups: [groups.bastion.id], tags }, { parent });
  const eip = new Eip("bastion", { domain: "vpc", networkInterface: eni.id, tags }, { parent, dependsOn: network.ready });
  new Instance(
    "bastion",
    {
      ...instanceDefaults,
      ami: imageId({ os: "ubuntu-24.04" }, architectureOf(bastion.instanceType), parent),
      instanceType: bastion.instanceType,
      primaryNetworkInterface: { networkInterfaceId: eni.id },
      userData: plantedKeys("bastion", bastion.instanceType, aws, login, hostKey),
      rootBlockDevice: { volumeType: "gp3", volumeSize: BASTION_DISK_GIBIBYTES, encrypted: true, kmsKeyId: aws.kmsKey, tags },
      tags,
    },
    {
      parent,
      deleteBeforeReplace: true,
      ignoreChanges: ["ami", "rootBlockDevice.kmsKeyId"],
      additionalSecretOutputs: ["userData", "userDataBase64"],
    },
  );
  return { address: eip.publicIp, hostKey };
}
