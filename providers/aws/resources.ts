// Everything of AWS that this provider makes or asks: the only module that imports @pulumi/aws. By file, because the package's own
// index loads 2,900 ms worth of classes and these load in 170 ms.

export { Volume } from "@pulumi/aws/ebs/volume.js";
export { Eip } from "@pulumi/aws/ec2/eip.js";
export { getAmiOutput } from "@pulumi/aws/ec2/getAmi.js";
export { Instance } from "@pulumi/aws/ec2/instance.js";
export { InternetGateway } from "@pulumi/aws/ec2/internetGateway.js";
export { NatGateway } from "@pulumi/aws/ec2/natGateway.js";
export { NetworkInterface } from "@pulumi/aws/ec2/networkInterface.js";
export { Route } from "@pulumi/aws/ec2/route.js";
export { RouteTable } from "@pulumi/aws/ec2/routeTable.js";
export { RouteTableAssociation } from "@pulumi/aws/ec2/routeTableAssociation.js";
export { SecurityGroup } from "@pulumi/aws/ec2/securityGroup.js";
export { Subnet } from "@pulumi/aws/ec2/subnet.js";
export { VolumeAttachment } from "@pulumi/aws/ec2/volumeAttachment.js";
export { Vpc } from "@pulumi/aws/ec2/vpc.js";
export { VpcEndpoint } from "@pulumi/aws/ec2/vpcEndpoint.js";
export { InstanceProfile } from "@pulumi/aws/iam/instanceProfile.js";
export { Role } from "@pulumi/aws/iam/role.js";
export { RolePolicy } from "@pulumi/aws/iam/rolePolicy.js";
export { Listener } from "@pulumi/aws/lb/listener.js";
export { LoadBalancer } from "@pulumi/aws/lb/loadBalancer.js";
export { TargetGroup } from "@pulumi/aws/lb/targetGroup.js";
export { TargetGroupAttachment } from "@pulumi/aws/lb/targetGroupAttachment.js";
export { Record } from "@pulumi/aws/route53/record.js";
export { Zone } from "@pulumi/aws/route53/zone.js";
export { SecurityGroupEgressRule } from "@pulumi/aws/vpc/securityGroupEgressRule.js";
export { SecurityGroupIngressRule } from "@pulumi/aws/vpc/securityGroupIngressRule.js";
