import * as pulumi from "@pulumi/pulumi";
import type { HostConfig } from "../../config/schema.ts";
import type { Host } from "../contract.ts";
import { bornWith, type Machine, machineOf } from "./config/machines.ts";
import type { AwsCluster, AwsConfig } from "./config/schema.ts";
import { type Bastion, instanceConnection, plantedKeys, type SshKey, sshKey } from "./connection.ts";
import { imageId } from "./image.ts";
import { groupsOf } from "./ingress.ts";
import type { Network } from "./network.ts";
import { Instance, NetworkInterface, Volume, VolumeAttachment } from "./resources.ts";
import type { Profiles } from "./roles.ts";
import type { Groups } from "./security-groups.ts";
import { clusterTag, type Naming, tagsOf } from "./tags.ts";

/** What every instance has. One hop: what runs in a pod's own network can't take the instance's role or read its user data. */
export const instanceDefaults = {
  metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
  userDataReplaceOnChange: true,
  disableApiTermination: false,
} as const;

export interface MachinesArgs {
  cluster: AwsCluster;
  aws: AwsConfig;
  network: Network;
  groups: Groups;
  profiles: Profiles;
  bastion: Bastion | undefined;
  login: SshKey;
  naming: Naming;
}

/** The AWS side of a host in the config. */
export type Made = Pick<
  Host,
  "address" | "architecture" | "connection" | "dataDevice" | "machine" | "machineId" | "providerId" | "site"
>;

/**
 * One host: its network interface, which keeps the address, its instance and, where it has the role etcd, its volume. Interface
 * and volume outlive the instance; raising `incarnation` replaces all three.
 */
export function createMachine(name: string, host: HostConfig, args: MachinesArgs, parent: pulumi.Resource): Made {
  const { cluster, aws, network, groups, profiles, naming } = args;
  const machine = machineOf(cluster, name, host);
  const tags = (what: string, more: Record<string, string> = {}) =>
    tagsOf(naming, what, { "ha-kubernetes/host": name, "ha-kubernetes/role": machine.role, ...more });
  const hostKey = sshKey(`host-key-${name}`, parent);
  const subnetId = network.privateSubnets[machine.zone];
  if (subnetId === undefined) throw new Error(`cluster.hosts.${name}: there is no private subnet in zone ${machine.zone}`);
  const eni = new NetworkInterface(
    `eni-${name}`,
    {
      subnetId,
      description: `${name} of Kubernetes cluster ${cluster.name}`,
      securityGroups: groupsOf(host.roles).map((group) => groups[group].id),
      ...(host.address !== undefined && { privateIps: [host.address] }),
      tags: tags(name),
    },
    { parent, deleteBeforeReplace: true },
  );
  const connection = instanceConnection(eni.privateIp, aws, args.login, hostKey, args.bastion);
  // A lost host is gone: any instance and volume that remain are deleted.
  if (host.lost) return { address: eni.privateIp, architecture: machine.architecture, connection };
  const instance = new Instance(
    `instance-${name}`,
    {
      ...instanceDefaults,
      ...instanceArgs(machine, aws, parent),
      primaryNetworkInterface: { networkInterfaceId: eni.id },
      iamInstanceProfile: profiles[machine.role].profile.name,
      userData: plantedKeys(name, `${bornWith(machine)}, incarnation ${host.incarnation}`, aws, args.login, hostKey),
      tags: tags(name, clusterTag(naming)),
    },
    {
      parent,
      dependsOn: network.ready,
      deleteBeforeReplace: true,
      // A newer image alone replaces nothing; nor does another key for new disks.
      ignoreChanges: ["ami", "rootBlockDevice.kmsKeyId"],
      replaceOnChanges: ["instanceType"],
      additionalSecretOutputs: ["userData", "userDataBase64"],
    },
  );
  const data = host.roles.includes("etcd") ? createVolume(name, host, machine, instance, args, parent) : undefined;
  return {
    address: eni.privateIp,
    architecture: machine.architecture,
    connection,
    ...(data && { dataDevice: data.device }),
    machine: data?.attachment ?? instance,
    machineId: instance.id,
    providerId: pulumi.interpolate`aws:///${machine.zone}/${instance.id}`,
    // A group that every host is in, and that stands as long as the cluster: when it goes, all go.
    site: groups.nodes,
  };
}

function instanceArgs({ instanceType, architecture, image, rootDisk, spot }: Machine, aws: AwsConfig, parent: pulumi.Resource) {
  return {
    ami: imageId(image, architecture, parent),
    instanceType,
    rootBlockDevice: {
      volumeType: "gp3",
      volumeSize: rootDisk.sizeGibibytes,
      iops: rootDisk.iops,
      throughput: rootDisk.throughputMebibytes,
      encrypted: true,
      kmsKeyId: aws.kmsKey,
      deleteOnTermination: true,
    },
    // Stopped rather than ended when AWS wants it back: it comes again as the same instance.
    ...(spot && {
      instanceMarketOptions: {
        marketType: "spot",
        spotOptions: { spotInstanceType: "persistent", instanceInterruptionBehavior: "stop" },
      },
    }),
  };
}

/** A member's own volume, and what attaches it. The instance is stopped, and etcd with it, before it is detached. */
function createVolume(
  name: string,
  host: HostConfig,
  { zone }: Machine,
  instance: Instance,
  { aws, naming }: MachinesArgs,
  parent: pulumi.Resource,
) {
  const { type, sizeGibibytes, iops, throughputMebibytes, protect } = aws.etcdVolume;
  const volume = new Volume(
    `etcd-volume-${name}`,
    {
      availabilityZone: zone,
      type,
      size: sizeGibibytes,
      iops,
      ...(type === "gp3" && { throughput: throughputMebibytes }),
      encrypted: true,
      kmsKeyId: aws.kmsKey,
      tags: tagsOf(naming, `etcd-${name}`, { "ha-kubernetes/host": name, "ha-kubernetes/incarnation": String(host.incarnation) }),
    },
    {
      parent,
      protect,
      deleteBeforeReplace: true,
      ignoreChanges: ["kmsKeyId"],
      replaceOnChanges: ['tags["ha-kubernetes/incarnation"]'],
    },
  );
  const attachment = new VolumeAttachment(
    `etcd-attachment-${name}`,
    // The name means nothing on Nitro instances, which show the volume's id.
    { deviceName: "/dev/sdf", volumeId: volume.id, instanceId: instance.id, stopInstanceBeforeDetaching: true },
    { parent, deleteBeforeReplace: true },
  );
  return { attachment, device: volume.id.apply(dataDevice) };
}

/** Where udev shows a volume on a Nitro instance. */
export const dataDevice = (volumeId: string): string =>
  `/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${volumeId.replace("-", "")}`;
