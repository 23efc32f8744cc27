import {
  CreateAutoScalingGroupCommand,
  DeleteAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  SuspendProcessesCommand,
} from "@aws-sdk/client-auto-scaling";
import {
  CreateLaunchTemplateCommand,
  DeleteLaunchTemplateCommand,
  DescribeLaunchTemplatesCommand,
  type RequestLaunchTemplateData,
} from "@aws-sdk/client-ec2";
import { DeleteParameterCommand, GetParameterCommand, PutParameterCommand } from "@aws-sdk/client-ssm";
import { first, type Inputs, type Kinds, only, tagList } from "../kind.ts";
import { market, metadata } from "./instance.ts";
import { changeTags, tagged } from "./tags.ts";

/** The properties of a template's instances. */
function templateData(inputs: Inputs): RequestLaunchTemplateData {
  return {
    ImageId: inputs.imageId,
    InstanceType: inputs.instanceType,
    UserData: inputs.userData,
    SecurityGroupIds: inputs.vpcSecurityGroupIds,
    IamInstanceProfile: { Name: only("iamInstanceProfile", inputs.iamInstanceProfile, "name").name },
    MetadataOptions: metadata(inputs.metadataOptions) as RequestLaunchTemplateData["MetadataOptions"],
    ...(inputs.instanceMarketOptions && {
      InstanceMarketOptions: market(inputs.instanceMarketOptions) as RequestLaunchTemplateData["InstanceMarketOptions"],
    }),
    BlockDeviceMappings: inputs.blockDeviceMappings.map((mapping: Inputs) => {
      const { deviceName: DeviceName, ebs } = only("blockDeviceMappings", mapping, "deviceName ebs");
      const disk = only("ebs", ebs, "volumeType volumeSize iops throughput encrypted kmsKeyId deleteOnTermination");
      return {
        DeviceName,
        Ebs: {
          VolumeType: disk.volumeType,
          VolumeSize: disk.volumeSize,
          Iops: disk.iops,
          Throughput: disk.throughput,
          Encrypted: disk.encrypted === "true",
          KmsKeyId: disk.kmsKeyId,
          DeleteOnTermination: disk.deleteOnTermination === "true",
        },
      };
    }),
    TagSpecifications: inputs.tagSpecifications.map((specification: Inputs) => {
      const { resourceType: ResourceType, tags } = only("tagSpecifications", specification, "resourceType tags");
      return { ResourceType, Tags: tagList(tags) };
    }),
  };
}

/** Scaling pools, and the parameters that their instances read when they join. */
export const poolKinds: Kinds = {
  "aws:ec2/launchTemplate:LaunchTemplate": {
    required: "imageId instanceType userData vpcSecurityGroupIds iamInstanceProfile metadataOptions blockDeviceMappings",
    optional: "tagSpecifications instanceMarketOptions tags",
    replaces: "name namePrefix",
    named: { key: "name", prefix: "namePrefix", length: 128 },
    updates: { tags: changeTags },
    create: async ({ ec2 }, inputs) => {
      const request = {
        LaunchTemplateName: inputs.name,
        LaunchTemplateData: templateData(inputs),
        ...tagged("launch-template", inputs),
      };
      const made = await ec2.send(new CreateLaunchTemplateCommand(request));
      return made.LaunchTemplate?.LaunchTemplateId ?? "";
    },
    read: async ({ ec2 }, id) => {
      const { LaunchTemplates } = await ec2.send(new DescribeLaunchTemplatesCommand({ LaunchTemplateIds: [id] }));
      return { latestVersion: first(id, LaunchTemplates).LatestVersionNumber ?? 0 };
    },
    delete: ({ ec2 }, LaunchTemplateId) => ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateId })),
  },
  "aws:autoscaling/group:Group": {
    required: "minSize maxSize launchTemplate vpcZoneIdentifiers",
    optional: "suspendedProcesses tags",
    replaces: "name namePrefix",
    named: { key: "name", prefix: "namePrefix", length: 255 },
    create: async ({ autoscaling }, inputs) => {
      const { name: AutoScalingGroupName, tags = [] } = inputs;
      const { id: LaunchTemplateId, version: Version } = only("launchTemplate", inputs.launchTemplate, "id version");
      await autoscaling.send(
        new CreateAutoScalingGroupCommand({
          AutoScalingGroupName,
          MinSize: inputs.minSize,
          MaxSize: inputs.maxSize,
          LaunchTemplate: { LaunchTemplateId, Version },
          VPCZoneIdentifier: inputs.vpcZoneIdentifiers.join(","),
          Tags: tags.map((tag: Inputs) => {
            const {
              key: Key,
              value: Value,
              propagateAtLaunch: PropagateAtLaunch,
            } = only("tags", tag, "key value propagateAtLaunch");
            return { ResourceId: AutoScalingGroupName, ResourceType: "auto-scaling-group", Key, Value, PropagateAtLaunch };
          }),
        }),
      );
      const { suspendedProcesses: ScalingProcesses = [] } = inputs;
      if (ScalingProcesses.length > 0) {
        await autoscaling.send(new SuspendProcessesCommand({ AutoScalingGroupName, ScalingProcesses }));
      }
      return AutoScalingGroupName;
    },
    read: async ({ autoscaling }, name) => {
      const request = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] });
      const { AutoScalingGroups } = await autoscaling.send(request);
      return { arn: first(name, AutoScalingGroups).AutoScalingGroupARN ?? "" };
    },
    // With its instances; the real provider waits for their end.
    delete: ({ autoscaling }, AutoScalingGroupName) =>
      autoscaling.send(new DeleteAutoScalingGroupCommand({ AutoScalingGroupName, ForceDelete: true })),
  },
  "aws:ssm/parameter:Parameter": {
    required: "name type value",
    optional: "tags",
    replaces: "name type",
    create: async ({ ssm }, { name: Name, type: Type, value: Value, tags }) => {
      await ssm.send(new PutParameterCommand({ Name, Type, Value, Tags: tags && tagList(tags) }));
      return Name;
    },
    read: async ({ ssm }, Name) => {
      const { Parameter } = await ssm.send(new GetParameterCommand({ Name, WithDecryption: false }));
      return { arn: Parameter?.ARN ?? "", version: Parameter?.Version ?? 0 };
    },
    delete: ({ ssm }, Name) => ssm.send(new DeleteParameterCommand({ Name })),
  },
};
