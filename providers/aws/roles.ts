import type * as pulumi from "@pulumi/pulumi";
import type { MachineRole } from "./config/machines.ts";
import type { AwsCluster } from "./config/schema.ts";
import { policyDocument } from "./policies.ts";
import { InstanceProfile, Role, RolePolicy } from "./resources.ts";
import { roleStatements } from "./role-statements.ts";
import { type Naming, tagsOf } from "./tags.ts";

/** What an instance is in the account, by its machine's role. */
export type Profiles = Readonly<Record<MachineRole, { role: Role; profile: InstanceProfile }>>;

/** Who may take an instance's role: the instance. */
export const instanceTrust = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
});

/** A role and an instance profile for each kind of machine, with the least that each needs. */
export function createRoles(cluster: AwsCluster, region: string, naming: Naming, parent: pulumi.Resource): Profiles {
  const create = (name: MachineRole) => {
    const tags = tagsOf(naming, name);
    const role = new Role(name, { assumeRolePolicy: instanceTrust, tags }, { parent });
    const statements = roleStatements(name, cluster, region);
    if (statements.length > 0) {
      new RolePolicy(name, { role: role.id, policy: JSON.stringify(policyDocument(statements)) }, { parent });
    }
    return { role, profile: new InstanceProfile(name, { role: role.name, tags }, { parent }) };
  };
  return { "control-plane": create("control-plane"), etcd: create("etcd"), worker: create("worker") };
}
