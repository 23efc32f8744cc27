import * as pulumi from "@pulumi/pulumi";
import type { AwsCluster } from "./config/schema.ts";
import { type GroupName, groupNames, ingress, ingressName } from "./ingress.ts";
import type { Network } from "./network.ts";
import { AwsPart } from "./part.ts";
import { SecurityGroup, SecurityGroupEgressRule, SecurityGroupIngressRule } from "./resources.ts";
import { clusterTag, tagsOf } from "./tags.ts";

export interface SecurityGroupsArgs {
  /** The cluster's config: the keys that `ingress` reads. */
  cluster: AwsCluster;
  /** Where the groups are. */
  network: Pick<Network, "natAddresses" | "vpcId">;
}

/** Security groups by name. Without a bastion in the config there is no group for it. */
export type Groups = Readonly<Record<GroupName, SecurityGroup>>;

/** The security groups, with exactly the ways in of `ingress`. Rules are resources of their own, beside which cloud-provider-aws may put its. */
export class SecurityGroups extends AwsPart {
  readonly groups: Groups;

  constructor(name: string, { cluster, network }: SecurityGroupsArgs, options?: pulumi.ComponentResourceOptions) {
    super("SecurityGroups", name, options);
    const wanted = groupNames.filter((group) => group !== "bastion" || cluster.aws.ssh.bastion !== undefined);
    this.groups = Object.fromEntries(wanted.map((group) => [group, this.group(group, cluster, network)])) as Groups;
    for (const rule of ingress(cluster)) {
      const { group, protocol, port, from, why } = rule;
      this.allow(ingressName(rule), {
        securityGroupId: this.groups[group].id,
        ipProtocol: protocol,
        fromPort: port,
        toPort: port,
        description: why,
        ...("group" in from ? { referencedSecurityGroupId: this.groups[from.group].id } : { cidrIpv4: from.cidr }),
      });
    }
    if (cluster.aws.api.public) this.letHostsIn(cluster.api.port, network);
    this.registerOutputs({ ids: Object.fromEntries(wanted.map((group) => [group, this.groups[group].id])) });
  }

  private group(name: GroupName, cluster: AwsCluster, { vpcId }: SecurityGroupsArgs["network"]): SecurityGroup {
    const group = new SecurityGroup(
      name,
      {
        vpcId,
        description: `${name} of Kubernetes cluster ${cluster.name}`,
        // cloud-provider-aws opens ports of Services in the one group of an instance that has the cluster's tag.
        tags: tagsOf(cluster, name, name === "nodes" ? clusterTag(cluster) : {}),
      },
      // What it lets in is deleted first; a group that is in use can't go before what uses it is gone.
      { ...this.own, deleteBeforeReplace: true },
    );
    new SecurityGroupEgressRule(
      name,
      { securityGroupId: group.id, ipProtocol: "-1", cidrIpv4: "0.0.0.0/0", description: "anywhere" },
      this.own,
    );
    return group;
  }

  private allow(name: string, rule: ConstructorParameters<typeof SecurityGroupIngressRule>[1]): void {
    new SecurityGroupIngressRule(name, rule, this.own);
  }

  /** A public balancer's name has public addresses only: hosts reach it from those of the NAT gateways. */
  private letHostsIn(port: number, { natAddresses }: SecurityGroupsArgs["network"]): void {
    for (const [zone, address] of Object.entries(natAddresses)) {
      this.allow(`api-${port}-tcp-from-nat-${zone}`, {
        securityGroupId: this.groups.api.id,
        ipProtocol: "tcp",
        fromPort: port,
        toPort: port,
        description: "Kubernetes API, from hosts",
        cidrIpv4: pulumi.interpolate`${address}/32`,
      });
    }
  }
}
