import * as pulumi from "@pulumi/pulumi";
import type { HostConfig } from "../../config/schema.ts";
import type { Connection, Host } from "../contract.ts";
import { bornWith, type Machine as MachineConfig, machineOf } from "./config/machines.ts";
import type { AwsCluster, AwsConfig } from "./config/schema.ts";
import { instanceConnection, plantedKeys, type SshKey, sshKey, type WayIn } from "./connection.ts";
import { imageId } from "./image.ts";
import { groupsOf } from "./ingress.ts";
import type { Network } from "./network.ts";
import { AwsPart } from "./part.ts";
import { Instance, NetworkInterface, Volume, VolumeAttachment } from "./resources.ts";
import type { Profiles } from "./roles.ts";
import type { Groups } from "./security-groups.ts";
import { clusterTag, tagsOf } from "./tags.ts";

/** What every instance has. One hop: what runs in a pod's own network can't take the instance's role or read its user data. */
export const instanceDefaults = {
  metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
  userDataReplaceOnChange: true,
  disableApiTermination: false,
} as const;

export interface MachineArgs {
  /** The cluster's config: its name, `aws` and `pools`. */
  cluster: AwsCluster;
  /** The host's own config. */
  host: HostConfig;
  /** Where the instance is. */
  network: Pick<Network, "privateSubnets" | "ready">;
  /** Who may reach the instance. */
  groups: Groups;
  /** What the instance may do in the account. */
  profiles: Profiles;
  /** The key that logs in. */
  login: SshKey;
  /** The way in. Default: straight to the instance's own address. */
  bastion?: WayIn;
}

/**
 * One host: its network interface, which keeps the address, its instance and, where it has the role etcd, its volume. Interface
 * and volume outlive the instance; raising `incarnation` replaces all three. The component's name is the host's.
 */
export class Machine extends AwsPart {
  /** Private, of the network interface. */
  readonly address: pulumi.Output<string>;
  readonly connection: Connection;
  /** Undefined where the host is lost: any instance and volume that remain are deleted. */
  readonly instance: Instance | undefined;
  /** The machine as all other parts see it. */
  readonly host: Host;

  /** @throws Error where there is no private subnet in the machine's zone */
  constructor(name: string, args: MachineArgs, options?: pulumi.ComponentResourceOptions) {
    super("Machine", name, options);
    const { cluster, groups, host, network } = args;
    const { address, roles, pool, incarnation, lost } = host;
    const { own } = this;
    const machine = machineOf(cluster, name, host);
    const hostKey = sshKey(`host-key-${name}`, own);
    const subnetId = network.privateSubnets[machine.zone];
    if (subnetId === undefined) throw new Error(`cluster.hosts.${name}: there is no private subnet in zone ${machine.zone}`);
    const eni = new NetworkInterface(
      `eni-${name}`,
      {
        subnetId,
        description: `${name} of Kubernetes cluster ${cluster.name}`,
        securityGroups: groupsOf(roles).map((group) => groups[group].id),
        ...(address !== undefined && { privateIps: [address] }),
        tags: hostTags(name, machine, cluster),
      },
      { ...own, deleteBeforeReplace: true },
    );
    this.address = eni.privateIp;
    this.connection = instanceConnection(eni.privateIp, cluster.aws, args.login, hostKey, args.bastion);
    this.instance = lost ? undefined : this.createInstance(name, machine, eni, hostKey, args);
    const known = { name, roles, pool, incarnation, lost, address: this.address, connection: this.connection };
    this.host = { ...known, architecture: machine.architecture, ...this.madeOf(name, machine, args) };
    this.registerOutputs({ address: this.address, instanceId: this.instance?.id, dataDevice: this.host.dataDevice });
  }

  private createInstance(
    name: string,
    machine: MachineConfig,
    eni: NetworkInterface,
    hostKey: SshKey,
    args: MachineArgs,
  ): Instance {
    const { cluster, host, login, network, profiles } = args;
    const born = `${bornWith(machine)}, incarnation ${host.incarnation}`;
    return new Instance(
      `instance-${name}`,
      {
        ...instanceDefaults,
        ...instanceArgs(machine, cluster.aws, this),
        primaryNetworkInterface: { networkInterfaceId: eni.id },
        iamInstanceProfile: profiles[machine.role].profile.name,
        userData: plantedKeys(name, born, cluster.aws, login, hostKey),
        tags: { ...hostTags(name, machine, cluster), ...clusterTag(cluster) },
      },
      {
        ...this.own,
        dependsOn: [...network.ready],
        deleteBeforeReplace: true,
        // A newer image alone replaces nothing; nor does another key for new disks.
        ignoreChanges: ["ami", "rootBlockDevice.kmsKeyId"],
        replaceOnChanges: ["instanceType"],
        additionalSecretOutputs: ["userData", "userDataBase64"],
      },
    );
  }

  /** What only a host that is not lost has. */
  private madeOf(name: string, machine: MachineConfig, { cluster, groups, host }: MachineArgs): Partial<Host> {
    const { instance } = this;
    if (instance === undefined) return {};
    const data = host.roles.includes("etcd") ? this.createVolume(name, machine, instance, cluster, host) : undefined;
    return {
      ...(data && { dataDevice: data.device }),
      machine: data?.attachment ?? instance,
      machineId: instance.id,
      providerId: pulumi.interpolate`aws:///${machine.zone}/${instance.id}`,
      // A group that every host is in, and that stands as long as the cluster: when it goes, all go.
      site: groups.nodes,
    };
  }

  /** A member's own volume, and what attaches it. The instance is stopped, and etcd with it, before it is detached. */
  private createVolume(
    name: string,
    { zone }: MachineConfig,
    instance: Instance,
    cluster: AwsCluster,
    { incarnation }: HostConfig,
  ) {
    const { type, sizeGibibytes, iops, throughputMebibytes, protect } = cluster.aws.etcdVolume;
    const volume = new Volume(
      `etcd-volume-${name}`,
      {
        availabilityZone: zone,
        type,
        size: sizeGibibytes,
        iops,
        ...(type === "gp3" && { throughput: throughputMebibytes }),
        encrypted: true,
        kmsKeyId: cluster.aws.kmsKey,
        tags: tagsOf(cluster, `etcd-${name}`, {
          "ha-kubernetes/host": name,
          "ha-kubernetes/incarnation": String(incarnation),
        }),
      },
      {
        ...this.own,
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
      { ...this.own, deleteBeforeReplace: true },
    );
    return { attachment, device: volume.id.apply(dataDevice) };
  }
}

const hostTags = (name: string, { role }: MachineConfig, cluster: AwsCluster) =>
  tagsOf(cluster, name, { "ha-kubernetes/host": name, "ha-kubernetes/role": role });

function instanceArgs(machine: MachineConfig, aws: AwsConfig, parent: pulumi.Resource) {
  const { instanceType, architecture, image, rootDisk, spot } = machine;
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

/** Where udev shows a volume on a Nitro instance. */
export const dataDevice = (volumeId: string): string =>
  `/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${volumeId.replace("-", "")}`;
