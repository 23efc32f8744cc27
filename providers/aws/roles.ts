import type * as pulumi from "@pulumi/pulumi";
import type { MachineRole } from "./config/machines.ts";
import type { AwsCluster } from "./config/schema.ts";
import { AwsPart } from "./part.ts";
import { policyDocument } from "./policies.ts";
import { InstanceProfile, Role, RolePolicy } from "./resources.ts";
import { roleStatements } from "./role-statements.ts";
import { tagsOf } from "./tags.ts";

export interface InstanceRolesArgs {
  /** The cluster's config: the keys that `roleStatements` reads. */
  cluster: AwsCluster;
  /** The region of the zones. */
  region: string;
}

/** What an instance is in the account, by its machine's role. */
export type Profiles = Readonly<Record<MachineRole, { role: Role; profile: InstanceProfile }>>;

/** Who may take an instance's role: the instance. */
export const instanceTrust = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
});

/** A role and an instance profile for each kind of machine, with the least that each needs. */
export class InstanceRoles extends AwsPart {
  readonly profiles: Profiles;

  constructor(name: string, { cluster, region }: InstanceRolesArgs, options?: pulumi.ComponentResourceOptions) {
    super("InstanceRoles", name, options);
    const create = (machine: MachineRole) => {
      const tags = tagsOf(cluster, machine);
      const role = new Role(machine, { assumeRolePolicy: instanceTrust, tags }, this.own);
      const statements = roleStatements(machine, cluster, region);
      if (statements.length > 0) {
        new RolePolicy(machine, { role: role.id, policy: JSON.stringify(policyDocument(statements)) }, this.own);
      }
      return { role, profile: new InstanceProfile(machine, { role: role.name, tags }, this.own) };
    };
    this.profiles = { "control-plane": create("control-plane"), etcd: create("etcd"), worker: create("worker") };
    this.registerOutputs({
      roles: Object.fromEntries(Object.entries(this.profiles).map(([machine, { role }]) => [machine, role.name])),
    });
  }
}
