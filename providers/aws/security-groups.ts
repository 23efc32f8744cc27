import * as pulumi from "@pulumi/pulumi";
import type { AwsCluster } from "./config/schema.ts";
import { type GroupName, groupNames, ingress, ingressName } from "./ingress.ts";
import type { Network } from "./network.ts";
import { SecurityGroup, SecurityGroupEgressRule, SecurityGroupIngressRule } from "./resources.ts";
import { clusterTag, type Naming, tagsOf } from "./tags.ts";

/** Security groups by name. */
export type Groups = Readonly<Record<GroupName, SecurityGroup>>;

/** The security groups, with exactly the ways in of `ingress`. Rules are resources of their own, beside which cloud-provider-aws may put its. */
export function createSecurityGroups(cluster: AwsCluster, network: Network, naming: Naming, parent: pulumi.Resource): Groups {
  const wanted = groupNames.filter((name) => name !== "bastion" || cluster.aws?.ssh.bastion !== undefined);
  const entries = wanted.map((name): [GroupName, SecurityGroup] => {
    const group = new SecurityGroup(
      name,
      {
        vpcId: network.vpcId,
        description: `${name} of Kubernetes cluster ${cluster.name}`,
        // cloud-provider-aws opens ports of Services in the one group of an instance that has the cluster's tag.
        tags: tagsOf(naming, name, name === "nodes" ? clusterTag(naming) : {}),
      },
      // What it lets in is deleted first; a group that is in use can't go before what uses it is gone.
      { parent, deleteBeforeReplace: true },
    );
    new SecurityGroupEgressRule(
      name,
      { securityGroupId: group.id, ipProtocol: "-1", cidrIpv4: "0.0.0.0/0", description: "anywhere" },
      { parent },
    );
    return [name, group];
  });
  const groups = Object.fromEntries(entries) as Groups;
  for (const rule of ingress(cluster)) {
    new SecurityGroupIngressRule(
      ingressName(rule),
      {
        securityGroupId: groups[rule.group].id,
        ipProtocol: rule.protocol,
        fromPort: rule.port,
        toPort: rule.port,
        description: rule.why,
        ...("group" in rule.from ? { referencedSecurityGroupId: groups[rule.from.group].id } : { cidrIpv4: rule.from.cidr }),
      },
      { parent },
    );
  }
  if (cluster.aws?.api.public) letHostsIn(cluster.api.port, groups, network, parent);
  return groups;
}

/** A public balancer's name has public addresses only: hosts reach it from those of the NAT gateways. */
function letHostsIn(port: number, { api }: Groups, { natAddresses }: Network, parent: pulumi.Resource): void {
  for (const [zone, address] of Object.entries(natAddresses)) {
    new SecurityGroupIngressRule(
      `api-${port}-tcp-from-nat-${zone}`,
      {
        securityGroupId: api.id,
        ipProtocol: "tcp",
        fromPort: port,
        toPort: port,
        description: "Kubernetes API, from hosts",
        cidrIpv4: pulumi.interpolate`${address}/32`,
      },
      { parent },
    );
  }
}
