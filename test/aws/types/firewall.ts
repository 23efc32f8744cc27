import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
  type IpPermission,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
} from "@aws-sdk/client-ec2";
import { first, type Inputs, type Kind, type Kinds } from "../kind.ts";
import { changeTags, tagged } from "./tags.ts";

const source = "cidrIpv4 cidrIpv6 referencedSecurityGroupId";

/** What a rule lets through. */
function permission(inputs: Inputs): IpPermission {
  const Description = inputs.description;
  return {
    IpProtocol: inputs.ipProtocol,
    FromPort: inputs.fromPort,
    ToPort: inputs.toPort,
    ...(inputs.cidrIpv4 && { IpRanges: [{ CidrIp: inputs.cidrIpv4, Description }] }),
    ...(inputs.cidrIpv6 && { Ipv6Ranges: [{ CidrIpv6: inputs.cidrIpv6, Description }] }),
    ...(inputs.referencedSecurityGroupId && {
      UserIdGroupPairs: [{ GroupId: inputs.referencedSecurityGroupId, Description }],
    }),
  };
}

const rule = (direction: "ingress" | "egress"): Kind => ({
  required: "securityGroupId ipProtocol",
  optional: `${source} fromPort toPort description tags`,
  replaces: `securityGroupId ipProtocol fromPort toPort ${source} description`,
  updates: { tags: changeTags },
  create: async ({ ec2 }, inputs) => {
    const { securityGroupId: GroupId } = inputs;
    const sources = ["cidrIpv4", "cidrIpv6", "referencedSecurityGroupId"].filter((key) => inputs[key] !== undefined);
    if (sources.length !== 1) throw new Error(`one of ${source} must be given, not ${sources.length}`);
    const request = { GroupId, IpPermissions: [permission(inputs)], ...tagged("security-group-rule", inputs) };
    const { SecurityGroupRules } =
      direction === "ingress"
        ? await ec2.send(new AuthorizeSecurityGroupIngressCommand(request))
        : await ec2.send(new AuthorizeSecurityGroupEgressCommand(request));
    return first("the new rule", SecurityGroupRules).SecurityGroupRuleId ?? "";
  },
  delete: ({ ec2 }, id, { securityGroupId: GroupId }) => {
    const request = { GroupId, SecurityGroupRuleIds: [id] };
    return direction === "ingress"
      ? ec2.send(new RevokeSecurityGroupIngressCommand(request))
      : ec2.send(new RevokeSecurityGroupEgressCommand(request));
  },
});

/** Security groups and their rules. */
export const firewallKinds: Kinds = {
  "aws:ec2/securityGroup:SecurityGroup": {
    required: "vpcId",
    optional: "description revokeRulesOnDelete tags",
    replaces: "name vpcId description",
    updates: { tags: changeTags },
    named: { key: "name", length: 255 },
    create: async ({ ec2 }, inputs) => {
      const made = await ec2.send(
        new CreateSecurityGroupCommand({
          GroupName: inputs.name,
          Description: inputs.description ?? "Managed by Pulumi",
          VpcId: inputs.vpcId,
          ...tagged("security-group", inputs),
        }),
      );
      // The real provider removes AWS's default rule, too: the program alone decides about egress.
      const GroupId = made.GroupId ?? "";
      const { SecurityGroups } = await ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [GroupId] }));
      const IpPermissions = first(GroupId, SecurityGroups).IpPermissionsEgress ?? [];
      if (IpPermissions.length > 0) await ec2.send(new RevokeSecurityGroupEgressCommand({ GroupId, IpPermissions }));
      return GroupId;
    },
    delete: ({ ec2 }, GroupId) => ec2.send(new DeleteSecurityGroupCommand({ GroupId })),
  },
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": rule("ingress"),
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": rule("egress"),
};
