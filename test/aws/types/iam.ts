import {
  AddRoleToInstanceProfileCommand,
  AttachRolePolicyCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  DeleteInstanceProfileCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetInstanceProfileCommand,
  GetRoleCommand,
  PutRolePolicyCommand,
  RemoveRoleFromInstanceProfileCommand,
} from "@aws-sdk/client-iam";
import type { Clients } from "../clients.ts";
import { type Inputs, type Kinds, tagList } from "../kind.ts";

async function putRolePolicy({ iam }: Clients, { role: RoleName, name: PolicyName, policy: PolicyDocument }: Inputs) {
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }));
}

/** Roles of instances. */
export const iamKinds: Kinds = {
  "aws:iam/role:Role": {
    required: "assumeRolePolicy",
    optional: "description path maxSessionDuration tags",
    replaces: "name path assumeRolePolicy",
    named: { key: "name", length: 64 },
    create: async ({ iam }, inputs) => {
      await iam.send(
        new CreateRoleCommand({
          RoleName: inputs.name,
          AssumeRolePolicyDocument: inputs.assumeRolePolicy,
          Description: inputs.description,
          Path: inputs.path,
          MaxSessionDuration: inputs.maxSessionDuration,
          Tags: inputs.tags && tagList(inputs.tags),
        }),
      );
      return inputs.name;
    },
    read: async ({ iam }, RoleName) => {
      const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
      return { arn: Role?.Arn ?? "", uniqueId: Role?.RoleId ?? "" };
    },
    delete: ({ iam }, RoleName) => iam.send(new DeleteRoleCommand({ RoleName })),
  },
  "aws:iam/rolePolicy:RolePolicy": {
    required: "role policy",
    replaces: "role name",
    named: { key: "name", length: 128 },
    updates: { policy: (clients, _, inputs) => putRolePolicy(clients, inputs) },
    create: async (clients, inputs) => {
      await putRolePolicy(clients, inputs);
      return `${inputs.role}:${inputs.name}`;
    },
    delete: ({ iam }, _, { role: RoleName, name: PolicyName }) => iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })),
  },
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": {
    required: "role policyArn",
    replaces: "role policyArn",
    create: async ({ iam }, { role: RoleName, policyArn: PolicyArn }) => {
      await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
      return `${RoleName}-${PolicyArn}`;
    },
    delete: ({ iam }, _, { role: RoleName, policyArn: PolicyArn }) =>
      iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })),
  },
  "aws:iam/instanceProfile:InstanceProfile": {
    required: "role",
    optional: "path tags",
    replaces: "name path role",
    named: { key: "name", length: 128 },
    create: async ({ iam }, { name: InstanceProfileName, path: Path, role: RoleName, tags }) => {
      await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName, Path, Tags: tags && tagList(tags) }));
      await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName }));
      return InstanceProfileName;
    },
    read: async ({ iam }, InstanceProfileName) => {
      const { InstanceProfile } = await iam.send(new GetInstanceProfileCommand({ InstanceProfileName }));
      return { arn: InstanceProfile?.Arn ?? "", uniqueId: InstanceProfile?.InstanceProfileId ?? "" };
    },
    delete: async ({ iam }, InstanceProfileName, { role: RoleName }) => {
      await iam.send(new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName, RoleName }));
      await iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName }));
    },
  },
};
