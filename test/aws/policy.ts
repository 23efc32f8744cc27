import { readFileSync } from "node:fs";

// The permissions of examples/aws-policy.json, and those that the tests see used.

interface Policy {
  Statement: { Effect: "Allow"; Action: string[] }[];
}

export const operatorPolicy: Policy = JSON.parse(
  readFileSync(new URL("../../examples/aws-policy.json", import.meta.url), "utf8"),
);

const actions = ({ Statement }: Policy) => Statement.flatMap(({ Action }) => Action);

/** Whether a policy allows an action. Its actions are whole names: no wildcard hides an allowed one. */
export const allowedBy = (policy: Policy, action: string): boolean =>
  action === "sts:GetCallerIdentity" || actions(policy).includes(action);

/**
 * Actions that the tests' provider never calls but an operator needs, with the reason. The real provider reads back what it
 * created and waits for changes; some calls need a second action; some depend on the config.
 */
const otherwiseNeeded: Readonly<Record<string, string>> = {
  "ec2:CreateTags": "a call that tags what it makes needs it",
  "elasticloadbalancing:AddTags": "a call that tags what it makes needs it",
  "iam:TagRole": "a call that tags what it makes needs it",
  "iam:TagInstanceProfile": "a call that tags what it makes needs it",
  "iam:PassRole": "an instance that starts with a profile needs it",
  "iam:CreateServiceLinkedRole": "the account's first balancer and first auto-scaling group need it",
  "ec2:DeleteTags": "a tag is taken out of the config",
  "ec2:StartInstances": "an instance is stopped to be changed",
  "ec2:ModifyInstanceAttribute": "an instance is changed in place",
  "ec2:ModifyVolume": "a disk grows",
  "ec2:ModifyNetworkInterfaceAttribute": "a host's roles change, and its groups with them",
  "ec2:ModifySecurityGroupRules": "a rule's words change",
  "elasticloadbalancing:ModifyTargetGroup": "a health check changes",
  "elasticloadbalancing:SetSubnets": "a zone is added",
  "elasticloadbalancing:SetSecurityGroups": "the balancer's groups change",
  "elasticloadbalancing:ModifyListener": "the API's port changes",
  "elasticloadbalancing:RemoveTags": "a tag is taken out of the config",
  "iam:UpdateAssumeRolePolicy": "who may take a role changes",
  "ec2:CreateLaunchTemplateVersion": "a pool's machines change",
  "ec2:ModifyLaunchTemplate": "a pool's machines change",
  "autoscaling:UpdateAutoScalingGroup":
    "a pool's sizes change; the real provider ends a group's instances by it before it deletes the group",
  "autoscaling:ResumeProcesses": "what a group does not do by itself changes",
  "autoscaling:CreateOrUpdateTags": "a pool's labels change",
  "autoscaling:DeleteTags": "a tag is taken out of the config",
  "route53:ChangeTagsForResource": "the real provider tags a zone after it made it",
  "route53:AssociateVPCWithHostedZone": "a private zone that is made needs it",
  "ssm:AddTagsToResource": "a call that tags what it makes needs it",
  "s3:PutObjectTagging": "the real provider tags objects",
  "s3:DeleteObjectVersion": "the bucket's versions go with it, where the config says so",
};

/** Actions with which real providers read after a create and in a refresh. */
const reads =
  /^(ec2:Describe|elasticloadbalancing:Describe|autoscaling:Describe|iam:(Get|List)|route53:(Get|List)|s3:(Get|List)|ssm:(Get|Describe|List))/;

/** Actions of a policy that no call needed and that have no other reason. */
export const unusedOf = (policy: Policy, made: readonly string[]): string[] =>
  actions(policy).filter((action) => !made.includes(action) && otherwiseNeeded[action] === undefined && !reads.test(action));
