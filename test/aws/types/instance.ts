import { type BlockDeviceMapping, DescribeImagesCommand, type RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import type { Clients } from "../clients.ts";
import { first, type Inputs, only, tagList } from "../kind.ts";

/** The request that starts an instance with these inputs. Throws for unknown keys in them. */
export async function runInstancesRequest(clients: Clients, inputs: Inputs): Promise<RunInstancesCommandInput> {
  const userData = inputs.userDataBase64 ?? (inputs.userData && Buffer.from(inputs.userData).toString("base64"));
  return {
    ImageId: inputs.ami,
    InstanceType: inputs.instanceType,
    MinCount: 1,
    MaxCount: 1,
    KeyName: inputs.keyName,
    UserData: userData,
    EbsOptimized: inputs.ebsOptimized,
    DisableApiTermination: inputs.disableApiTermination,
    ...(inputs.monitoring !== undefined && { Monitoring: { Enabled: inputs.monitoring } }),
    ...(inputs.iamInstanceProfile && { IamInstanceProfile: { Name: inputs.iamInstanceProfile } }),
    ...(inputs.availabilityZone && { Placement: { AvailabilityZone: inputs.availabilityZone } }),
    ...(inputs.metadataOptions && { MetadataOptions: metadata(inputs.metadataOptions) }),
    ...(inputs.instanceMarketOptions && { InstanceMarketOptions: market(inputs.instanceMarketOptions) }),
    ...(inputs.creditSpecification && {
      CreditSpecification: { CpuCredits: only("creditSpecification", inputs.creditSpecification, "cpuCredits").cpuCredits },
    }),
    BlockDeviceMappings: [await rootDevice(clients, inputs)],
    NetworkInterfaces: [networkInterface(inputs)],
    TagSpecifications: [
      { ResourceType: "instance", Tags: tagList(inputs.tags) },
      { ResourceType: "volume", Tags: tagList(inputs.volumeTags ?? inputs.rootBlockDevice?.tags) },
    ].filter(({ Tags }) => Tags.length > 0) as RunInstancesCommandInput["TagSpecifications"],
  };
}

function networkInterface(inputs: Inputs) {
  const { primaryNetworkInterface: primary } = inputs;
  if (primary !== undefined) {
    const { networkInterfaceId: NetworkInterfaceId } = only("primaryNetworkInterface", primary, "networkInterfaceId");
    return { DeviceIndex: 0, NetworkInterfaceId };
  }
  return {
    DeviceIndex: 0,
    SubnetId: inputs.subnetId,
    Groups: inputs.vpcSecurityGroupIds,
    PrivateIpAddress: inputs.privateIp,
    AssociatePublicIpAddress: inputs.associatePublicIpAddress,
  };
}

/** IMDS settings as the API takes them. */
export function metadata(options: Inputs) {
  const { httpEndpoint, httpTokens, httpPutResponseHopLimit, instanceMetadataTags } = only(
    "metadataOptions",
    options,
    "httpEndpoint httpTokens httpPutResponseHopLimit instanceMetadataTags",
  );
  return {
    HttpEndpoint: httpEndpoint,
    HttpTokens: httpTokens,
    HttpPutResponseHopLimit: httpPutResponseHopLimit,
    InstanceMetadataTags: instanceMetadataTags,
  };
}

/** Spot settings as the API takes them. */
export function market(options: Inputs) {
  const { marketType: MarketType, spotOptions = {} } = only("instanceMarketOptions", options, "marketType spotOptions");
  const { spotInstanceType, instanceInterruptionBehavior } = only(
    "spotOptions",
    spotOptions,
    "spotInstanceType instanceInterruptionBehavior",
  );
  return {
    MarketType,
    SpotOptions: { SpotInstanceType: spotInstanceType, InstanceInterruptionBehavior: instanceInterruptionBehavior },
  };
}

async function rootDevice({ ec2 }: Clients, { ami, rootBlockDevice = {} }: Inputs): Promise<BlockDeviceMapping> {
  const root = only(
    "rootBlockDevice",
    rootBlockDevice,
    "volumeType volumeSize iops throughput encrypted kmsKeyId deleteOnTermination tags",
  );
  const { Images } = await ec2.send(new DescribeImagesCommand({ ImageIds: [ami] }));
  return {
    DeviceName: first(ami, Images).RootDeviceName,
    Ebs: {
      VolumeType: root.volumeType,
      VolumeSize: root.volumeSize,
      Iops: root.iops,
      Throughput: root.throughput,
      Encrypted: root.encrypted,
      KmsKeyId: root.kmsKeyId,
      DeleteOnTermination: root.deleteOnTermination ?? true,
    },
  };
}
