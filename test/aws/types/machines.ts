import {
  AttachVolumeCommand,
  CreateNetworkInterfaceCommand,
  CreateVolumeCommand,
  DeleteNetworkInterfaceCommand,
  DeleteVolumeCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DetachVolumeCommand,
  ModifyVolumeCommand,
  RunInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { first, type Kinds } from "../kind.ts";
import type { Site } from "../site.ts";
import { runInstancesRequest } from "./instance.ts";
import { changeTags, tagged } from "./tags.ts";

const tags = changeTags;

/** Instances, their network interfaces and volumes. `site` runs the instances. */
export const machineKinds = (site: Site): Kinds => ({
  "aws:ec2/networkInterface:NetworkInterface": {
    required: "subnetId",
    optional: "description privateIps securityGroups sourceDestCheck tags",
    replaces: "subnetId privateIps",
    updates: { tags },
    create: async ({ ec2 }, inputs) => {
      const made = await ec2.send(
        new CreateNetworkInterfaceCommand({
          SubnetId: inputs.subnetId,
          Description: inputs.description,
          Groups: inputs.securityGroups,
          PrivateIpAddress: inputs.privateIps?.[0],
          ...tagged("network-interface", inputs),
        }),
      );
      return made.NetworkInterface?.NetworkInterfaceId ?? "";
    },
    read: async ({ ec2 }, id) => {
      const { NetworkInterfaces } = await ec2.send(new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [id] }));
      const { PrivateIpAddress = "", PrivateDnsName = "", MacAddress = "" } = first(id, NetworkInterfaces);
      const own = { privateIp: PrivateIpAddress, privateIps: [PrivateIpAddress] };
      return { ...own, privateDnsName: PrivateDnsName, macAddress: MacAddress };
    },
    delete: ({ ec2 }, NetworkInterfaceId) => ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId })),
  },
  "aws:ec2/instance:Instance": {
    required: "ami instanceType",
    optional: `subnetId availabilityZone vpcSecurityGroupIds primaryNetworkInterface associatePublicIpAddress privateIp
      iamInstanceProfile metadataOptions rootBlockDevice userData userDataBase64 userDataReplaceOnChange keyName monitoring
      ebsOptimized disableApiTermination instanceMarketOptions creditSpecification sourceDestCheck tags volumeTags`,
    replaces: `ami subnetId availabilityZone primaryNetworkInterface associatePublicIpAddress privateIp keyName
      instanceMarketOptions userData userDataBase64`,
    updates: { tags },
    create: async (clients, inputs) => {
      const made = await clients.ec2.send(new RunInstancesCommand(await runInstancesRequest(clients, inputs)));
      const instance = first("the new instance", made.Instances);
      const id = instance.InstanceId ?? "";
      const userData = inputs.userDataBase64 ? Buffer.from(inputs.userDataBase64, "base64").toString() : (inputs.userData ?? "");
      await site.started({
        id,
        address: instance.PrivateIpAddress ?? "",
        host: inputs.tags?.["ha-kubernetes/host"] ?? id,
        userData,
      });
      return id;
    },
    read: async ({ ec2 }, id) => {
      const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
      const it = first(id, first(id, Reservations).Instances);
      return {
        arn: `arn:aws:ec2:${it.Placement?.AvailabilityZone?.slice(0, -1)}:${first(id, Reservations).OwnerId}:instance/${id}`,
        privateIp: it.PrivateIpAddress ?? "",
        privateDns: it.PrivateDnsName ?? "",
        publicIp: it.PublicIpAddress ?? "",
        availabilityZone: it.Placement?.AvailabilityZone ?? "",
        primaryNetworkInterfaceId: it.NetworkInterfaces?.[0]?.NetworkInterfaceId ?? "",
        instanceState: it.State?.Name ?? "",
      };
    },
    delete: async ({ ec2 }, id) => {
      await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
      await site.ended(id);
    },
  },
  "aws:ebs/volume:Volume": {
    required: "availabilityZone size",
    optional: "type encrypted iops throughput kmsKeyId tags",
    replaces: "availabilityZone encrypted kmsKeyId",
    updates: {
      tags,
      size: ({ ec2 }, VolumeId, { size: Size }) => ec2.send(new ModifyVolumeCommand({ VolumeId, Size })),
    },
    create: async ({ ec2 }, inputs) => {
      const made = await ec2.send(
        new CreateVolumeCommand({
          AvailabilityZone: inputs.availabilityZone,
          Size: inputs.size,
          VolumeType: inputs.type,
          Encrypted: inputs.encrypted,
          Iops: inputs.iops,
          Throughput: inputs.throughput,
          KmsKeyId: inputs.kmsKeyId,
          ...tagged("volume", inputs),
        }),
      );
      return made.VolumeId ?? "";
    },
    delete: async ({ ec2 }, VolumeId) => {
      await ec2.send(new DeleteVolumeCommand({ VolumeId }));
      await site.discarded(VolumeId);
    },
  },
  "aws:ec2/volumeAttachment:VolumeAttachment": {
    required: "deviceName instanceId volumeId",
    optional: "forceDetach stopInstanceBeforeDetaching",
    replaces: "deviceName instanceId volumeId",
    create: async ({ ec2 }, { deviceName: Device, instanceId: InstanceId, volumeId: VolumeId }) => {
      await ec2.send(new AttachVolumeCommand({ Device, InstanceId, VolumeId }));
      await site.attached(VolumeId, InstanceId);
      return `vai-${VolumeId}-${InstanceId}`;
    },
    delete: async ({ ec2 }, _, inputs) => {
      const { instanceId: InstanceId, volumeId: VolumeId } = inputs;
      if (inputs.stopInstanceBeforeDetaching) {
        await ec2.send(new StopInstancesCommand({ InstanceIds: [InstanceId] }));
        await site.stopped(InstanceId);
      }
      await ec2.send(new DetachVolumeCommand({ InstanceId, VolumeId, Force: inputs.forceDetach }));
      await site.detached(VolumeId, InstanceId);
    },
  },
});
