import { discoveryTags } from "./addons/autoscaler.ts";

// What each part of the cluster may do in AWS, as IAM policy documents: no more than it needs, and on this cluster's own things alone.
// Sources: the policies in the documentation of cloud-provider-aws 1.36, aws-ebs-csi-driver 1.64 and cluster-autoscaler 1.36, narrowed by
// the tags that each of them sets, and without what the options chosen here never use (routes, snapshots, EKS).

export interface Statement {
  Sid: string;
  Effect: "Allow";
  Action: string[];
  Resource: string | string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

/** A policy document as IAM takes it. */
export const policyDocument = (statements: readonly Statement[]) => ({ Version: "2012-10-17", Statement: statements });

/** Where and for whom. */
export interface PolicyScope {
  cluster: string;
  region: string;
}

/** The partition of a region's ARNs. */
export function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

const allow = (
  Sid: string,
  Action: string[],
  Resource: Statement["Resource"],
  condition?: Record<string, string>,
): Statement => ({
  Sid,
  Effect: "Allow",
  Action,
  Resource,
  ...(condition && { Condition: { StringEquals: condition } }),
});

const ec2 = ({ region }: PolicyScope, kind: string) => `arn:${partitionOf(region)}:ec2:${region}:*:${kind}/*`;
const balancing = (...actions: string[]) => actions.map((action) => `elasticloadbalancing:${action}`);

/** cloud-provider-aws: Nodes' instances, and balancers of Services with their security groups. */
export function cloudControllerStatements(scope: PolicyScope): Statement[] {
  const tag = `kubernetes.io/cluster/${scope.cluster}`;
  const made = { [`aws:RequestTag/${tag}`]: "owned" };
  const own = { [`aws:ResourceTag/${tag}`]: "owned" };
  const group = ec2(scope, "security-group");
  const reads = ["Instances", "InstanceTopology", "NetworkInterfaces", "SecurityGroups", "Subnets", "AvailabilityZones"];
  return [
    allow(
      "CloudControllerReads",
      [
        ...[...reads, "RouteTables", "Vpcs"].map((what) => `ec2:Describe${what}`),
        ...balancing("DescribeLoadBalancers", "DescribeLoadBalancerAttributes", "DescribeLoadBalancerPolicies"),
        ...balancing("DescribeListeners", "DescribeTargetGroups", "DescribeTargetGroupAttributes", "DescribeTargetHealth"),
      ],
      "*",
    ),
    allow("CloudControllerMakesGroups", ["ec2:CreateSecurityGroup"], group, made),
    allow("CloudControllerMakesGroupsInVpc", ["ec2:CreateSecurityGroup"], ec2(scope, "vpc")),
    allow("CloudControllerTagsNewGroups", ["ec2:CreateTags"], group, { ...made, "ec2:CreateAction": "CreateSecurityGroup" }),
    allow(
      "CloudControllerChangesGroups",
      ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress", "ec2:DeleteSecurityGroup"],
      group,
      own,
    ),
    allow("CloudControllerMakesBalancers", balancing("CreateLoadBalancer", "CreateTargetGroup", "AddTags"), "*", made),
    allow(
      "CloudControllerChangesBalancers",
      [
        ...balancing(
          "AddTags",
          "CreateListener",
          "ModifyListener",
          "DeleteListener",
          "ModifyTargetGroup",
          "ModifyTargetGroupAttributes",
        ),
        ...balancing("RegisterTargets", "DeregisterTargets", "DeleteTargetGroup", "ModifyLoadBalancerAttributes"),
        ...balancing("SetSecurityGroups", "SetSubnets", "DeleteLoadBalancer"),
        // Classic balancers, the default of a Service without an annotation.
        ...balancing("CreateLoadBalancerListeners", "DeleteLoadBalancerListeners", "ConfigureHealthCheck"),
        ...balancing("RegisterInstancesWithLoadBalancer", "DeregisterInstancesFromLoadBalancer"),
        ...balancing("AttachLoadBalancerToSubnets", "DetachLoadBalancerFromSubnets", "ApplySecurityGroupsToLoadBalancer"),
        ...balancing("CreateLoadBalancerPolicy", "SetLoadBalancerPoliciesForBackendServer", "SetLoadBalancerPoliciesOfListener"),
      ],
      "*",
      own,
    ),
  ];
}

/**
 * aws-ebs-csi-driver: volumes that it made for this cluster. They are told by a tag of the driver's own and not by the cluster's, which
 * etcd's volumes have, too: no PersistentVolume can make the driver detach or delete one of those.
 */
export function ebsCsiStatements(scope: PolicyScope & { kmsKey?: string }): Statement[] {
  const tag = "ebs.csi.aws.com/cluster-name";
  const made = { [`aws:RequestTag/${tag}`]: scope.cluster };
  const own = { [`aws:ResourceTag/${tag}`]: scope.cluster };
  const volume = ec2(scope, "volume");
  const reads = ["AvailabilityZones", "Instances", "InstanceTypes", "Tags", "Volumes", "VolumesModifications", "VolumeStatus"];
  return [
    allow(
      "VolumesReads",
      reads.map((what) => `ec2:Describe${what}`),
      "*",
    ),
    allow("VolumesMakes", ["ec2:CreateVolume"], volume, made),
    allow("VolumesTagsNew", ["ec2:CreateTags"], volume, { ...made, "ec2:CreateAction": "CreateVolume" }),
    allow("VolumesChanges", ["ec2:AttachVolume", "ec2:DetachVolume", "ec2:ModifyVolume", "ec2:DeleteVolume"], volume, own),
    allow("VolumesAtInstances", ["ec2:AttachVolume", "ec2:DetachVolume"], ec2(scope, "instance"), {
      [`aws:ResourceTag/kubernetes.io/cluster/${scope.cluster}`]: "owned",
    }),
    ...(scope.kmsKey === undefined
      ? []
      : [
          allow("VolumesEncrypts", ["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"], scope.kmsKey),
          {
            ...allow("VolumesGrantsKey", ["kms:CreateGrant"], scope.kmsKey),
            Condition: { Bool: { "kms:GrantIsForAWSResource": "true" } },
          },
        ]),
  ];
}

/** cluster-autoscaler: the size of this cluster's groups, within their bounds. */
export function autoscalerStatements({ cluster }: PolicyScope): Statement[] {
  const groups = ["AutoScalingGroups", "AutoScalingInstances", "LaunchConfigurations", "ScalingActivities", "Tags"];
  const [, own = ""] = discoveryTags(cluster);
  return [
    allow(
      "AutoscalerReads",
      [
        ...groups.map((what) => `autoscaling:Describe${what}`),
        ...["Images", "InstanceTypes", "LaunchTemplateVersions"].map((what) => `ec2:Describe${what}`),
        "ec2:GetInstanceTypesFromInstanceRequirements",
      ],
      "*",
    ),
    allow("AutoscalerScales", ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"], "*", {
      [`aws:ResourceTag/${own}`]: "owned",
    }),
  ];
}

/** The parameter of Parameter Store that holds what the next instance of a pool joins with. */
export const joinParameter = (cluster: string, pool: string) => `/ha-kubernetes/${cluster}/join/${pool}`;

const parameter = ({ cluster, region }: PolicyScope, pool: string) =>
  `arn:${partitionOf(region)}:ssm:${region}:*:parameter${joinParameter(cluster, pool)}`;

/** Control planes write the pools' join data, and read how old it is. AWS's own key for Parameter Store needs no statement. */
export const joinWriterStatements = (scope: PolicyScope, pools: readonly string[]): Statement[] =>
  pools.length === 0
    ? []
    : [
        allow(
          "JoinWrites",
          ["ssm:PutParameter"],
          pools.map((pool) => parameter(scope, pool)),
        ),
      ];

/** An instance of a pool reads that pool's join data and nothing else. */
export const joinReaderStatements = (scope: PolicyScope, pool: string): Statement[] => [
  allow("JoinReads", ["ssm:GetParameter"], parameter(scope, pool)),
];

/** etcd hosts add snapshots and read them for a restore. They can't delete or list any. */
export const backupStatements = (
  scope: PolicyScope & { kmsKey?: string },
  { bucket, prefix }: { bucket: string; prefix: string },
): Statement[] => [
  allow("BackupAddsAndReads", ["s3:PutObject", "s3:GetObject"], `arn:${partitionOf(scope.region)}:s3:::${bucket}/${prefix}/*`),
  ...(scope.kmsKey ? [allow("BackupEncrypts", ["kms:GenerateDataKey", "kms:Decrypt"], scope.kmsKey)] : []),
];
