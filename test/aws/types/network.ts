import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  AssociateRouteTableCommand,
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateNatGatewayCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  CreateVpcEndpointCommand,
  DeleteInternetGatewayCommand,
  DeleteNatGatewayCommand,
  DeleteRouteCommand,
  DeleteRouteTableCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  DeleteVpcEndpointsCommand,
  DescribeAddressesCommand,
  DescribeRouteTablesCommand,
  DescribeVpcsCommand,
  DetachInternetGatewayCommand,
  DisassociateAddressCommand,
  DisassociateRouteTableCommand,
  ModifySubnetAttributeCommand,
  ModifyVpcAttributeCommand,
  ReleaseAddressCommand,
} from "@aws-sdk/client-ec2";
import { first, type Kinds } from "../kind.ts";
import { changeTags, tagged } from "./tags.ts";

const tags = changeTags;

/** A VPC and its contents: subnets, gateways, routes, addresses. */
export const networkKinds: Kinds = {
  "aws:ec2/vpc:Vpc": {
    required: "cidrBlock",
    optional: "enableDnsHostnames enableDnsSupport tags",
    replaces: "cidrBlock",
    updates: { tags },
    create: async ({ ec2 }, inputs) => {
      const made = await ec2.send(new CreateVpcCommand({ CidrBlock: inputs.cidrBlock, ...tagged("vpc", inputs) }));
      const VpcId = made.Vpc?.VpcId ?? "";
      for (const [key, Key] of [
        ["enableDnsSupport", "EnableDnsSupport"],
        ["enableDnsHostnames", "EnableDnsHostnames"],
      ] as const) {
        if (inputs[key] === undefined) continue;
        await ec2.send(new ModifyVpcAttributeCommand({ VpcId, [Key]: { Value: inputs[key] } }));
      }
      return VpcId;
    },
    read: async ({ ec2 }, id) => {
      const { Vpcs } = await ec2.send(new DescribeVpcsCommand({ VpcIds: [id] }));
      const { RouteTables } = await ec2.send(
        new DescribeRouteTablesCommand({
          Filters: [
            { Name: "vpc-id", Values: [id] },
            { Name: "association.main", Values: ["true"] },
          ],
        }),
      );
      const main = first("main route table", RouteTables).RouteTableId ?? "";
      return { cidrBlock: first(id, Vpcs).CidrBlock ?? "", mainRouteTableId: main, defaultRouteTableId: main };
    },
    delete: ({ ec2 }, VpcId) => ec2.send(new DeleteVpcCommand({ VpcId })),
  },
  "aws:ec2/subnet:Subnet": {
    required: "vpcId cidrBlock",
    optional: "availabilityZone mapPublicIpOnLaunch tags",
    replaces: "vpcId cidrBlock availabilityZone",
    updates: { tags },
    create: async ({ ec2 }, inputs) => {
      const { vpcId: VpcId, cidrBlock: CidrBlock, availabilityZone: AvailabilityZone } = inputs;
      const made = await ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock, AvailabilityZone, ...tagged("subnet", inputs) }));
      const SubnetId = made.Subnet?.SubnetId ?? "";
      if (inputs.mapPublicIpOnLaunch !== undefined) {
        const MapPublicIpOnLaunch = { Value: inputs.mapPublicIpOnLaunch };
        await ec2.send(new ModifySubnetAttributeCommand({ SubnetId, MapPublicIpOnLaunch }));
      }
      return SubnetId;
    },
    delete: ({ ec2 }, SubnetId) => ec2.send(new DeleteSubnetCommand({ SubnetId })),
  },
  "aws:ec2/internetGateway:InternetGateway": {
    required: "vpcId",
    optional: "tags",
    replaces: "vpcId",
    updates: { tags },
    create: async ({ ec2 }, inputs) => {
      const made = await ec2.send(new CreateInternetGatewayCommand(tagged("internet-gateway", inputs)));
      const InternetGatewayId = made.InternetGateway?.InternetGatewayId ?? "";
      await ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId, VpcId: inputs.vpcId }));
      return InternetGatewayId;
    },
    delete: async ({ ec2 }, InternetGatewayId, { vpcId: VpcId }) => {
      await ec2.send(new DetachInternetGatewayCommand({ InternetGatewayId, VpcId }));
      await ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId }));
    },
  },
  "aws:ec2/routeTable:RouteTable": {
    required: "vpcId",
    optional: "tags",
    replaces: "vpcId",
    updates: { tags },
    create: async ({ ec2 }, inputs) => {
      const made = await ec2.send(new CreateRouteTableCommand({ VpcId: inputs.vpcId, ...tagged("route-table", inputs) }));
      return made.RouteTable?.RouteTableId ?? "";
    },
    delete: ({ ec2 }, RouteTableId) => ec2.send(new DeleteRouteTableCommand({ RouteTableId })),
  },
  "aws:ec2/route:Route": {
    required: "routeTableId destinationCidrBlock",
    optional: "gatewayId natGatewayId",
    replaces: "routeTableId destinationCidrBlock",
    create: async ({ ec2 }, inputs) => {
      const { routeTableId: RouteTableId, destinationCidrBlock: DestinationCidrBlock } = inputs;
      const { gatewayId: GatewayId, natGatewayId: NatGatewayId } = inputs;
      await ec2.send(new CreateRouteCommand({ RouteTableId, DestinationCidrBlock, GatewayId, NatGatewayId }));
      return `${RouteTableId}_${DestinationCidrBlock}`;
    },
    delete: ({ ec2 }, _, { routeTableId: RouteTableId, destinationCidrBlock: DestinationCidrBlock }) =>
      ec2.send(new DeleteRouteCommand({ RouteTableId, DestinationCidrBlock })),
  },
  "aws:ec2/routeTableAssociation:RouteTableAssociation": {
    required: "routeTableId subnetId",
    replaces: "subnetId",
    create: async ({ ec2 }, { routeTableId: RouteTableId, subnetId: SubnetId }) => {
      const made = await ec2.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId }));
      return made.AssociationId ?? "";
    },
    delete: ({ ec2 }, AssociationId) => ec2.send(new DisassociateRouteTableCommand({ AssociationId })),
  },
  "aws:ec2/eip:Eip": {
    optional: "domain instance networkInterface tags",
    replaces: "domain",
    updates: { tags },
    create: async ({ ec2 }, inputs) => {
      const made = await ec2.send(new AllocateAddressCommand({ Domain: inputs.domain, ...tagged("elastic-ip", inputs) }));
      const { AllocationId } = made;
      const { instance: InstanceId, networkInterface: NetworkInterfaceId } = inputs;
      if (InstanceId ?? NetworkInterfaceId) {
        await ec2.send(new AssociateAddressCommand({ AllocationId, InstanceId, NetworkInterfaceId }));
      }
      return AllocationId ?? "";
    },
    read: async ({ ec2 }, id) => {
      const { Addresses } = await ec2.send(new DescribeAddressesCommand({ AllocationIds: [id] }));
      return { allocationId: id, publicIp: first(id, Addresses).PublicIp ?? "" };
    },
    delete: async ({ ec2 }, AllocationId) => {
      const { Addresses } = await ec2.send(new DescribeAddressesCommand({ AllocationIds: [AllocationId] }));
      const { AssociationId } = first(AllocationId, Addresses);
      if (AssociationId) await ec2.send(new DisassociateAddressCommand({ AssociationId }));
      await ec2.send(new ReleaseAddressCommand({ AllocationId }));
    },
  },
  "aws:ec2/natGateway:NatGateway": {
    required: "subnetId allocationId",
    optional: "tags",
    replaces: "subnetId allocationId",
    updates: { tags },
    create: async ({ ec2 }, inputs) => {
      const { subnetId: SubnetId, allocationId: AllocationId } = inputs;
      const made = await ec2.send(new CreateNatGatewayCommand({ SubnetId, AllocationId, ...tagged("natgateway", inputs) }));
      return made.NatGateway?.NatGatewayId ?? "";
    },
    delete: ({ ec2 }, NatGatewayId) => ec2.send(new DeleteNatGatewayCommand({ NatGatewayId })),
  },
  "aws:ec2/vpcEndpoint:VpcEndpoint": {
    required: "vpcId serviceName",
    optional: "vpcEndpointType routeTableIds tags",
    replaces: "vpcId serviceName vpcEndpointType",
    updates: { tags },
    create: async ({ ec2 }, inputs) => {
      const { vpcId: VpcId, serviceName: ServiceName, vpcEndpointType, routeTableIds: RouteTableIds } = inputs;
      const made = await ec2.send(
        new CreateVpcEndpointCommand({
          VpcId,
          ServiceName,
          VpcEndpointType: vpcEndpointType ?? "Gateway",
          RouteTableIds,
          ...tagged("vpc-endpoint", inputs),
        }),
      );
      return made.VpcEndpoint?.VpcEndpointId ?? "";
    },
    delete: ({ ec2 }, id) => ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [id] })),
  },
};
