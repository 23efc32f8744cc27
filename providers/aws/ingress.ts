import { ports } from "../../config/ports.ts";
import type { Role } from "../../config/schema.ts";
import type { AwsCluster } from "./config/schema.ts";

/** The security groups. Every host is in `nodes` and in those of its roles. */
export const groupNames = ["nodes", "etcd", "control-plane", "worker", "api", "bastion"] as const;
export type GroupName = (typeof groupNames)[number];

/** One way in. */
export interface Ingress {
  group: GroupName;
  protocol: "tcp" | "udp";
  port: number;
  /** Another group, or a range. */
  from: { group: GroupName } | { cidr: string };
  why: string;
}

const hostGroups = ["etcd", "control-plane", "worker"] as const satisfies readonly Role[];

/**
 * Every way in: the port table of the roles, from hosts only; the apiservers also from the balancer; the balancer and sshd from
 * whom the config names. Pods come as their node, because flannel masquerades what leaves the pod network.
 */
export function ingress(cluster: AwsCluster): Ingress[] {
  const { aws, api, nodeCidrs } = cluster;
  if (aws === undefined) return [];
  const table = hostGroups.flatMap((group) =>
    ports([group], cluster).flatMap(({ number: port, protocol, program, source }): Ingress[] => {
      const rule = { group, protocol, port, why: program || "flannel" };
      const fromNodes = { ...rule, from: { group: "nodes" as const } };
      return source === "anyone" ? [fromNodes, { ...rule, from: { group: "api" } }] : [fromNodes];
    }),
  );
  const tcp = (group: GroupName, port: number, from: Ingress["from"], why: string): Ingress => ({
    group,
    protocol: "tcp",
    port,
    from,
    why,
  });
  const cidrs = (group: GroupName, port: number, list: readonly string[], why: string) =>
    [...new Set(list)].sort().map((cidr) => tcp(group, port, { cidr }, why));
  const { bastion, allowedCidrs } = aws.ssh;
  const apiCidrs = aws.api.allowedCidrs.length > 0 || aws.api.public ? aws.api.allowedCidrs : nodeCidrs;
  return [
    ...table,
    tcp("api", api.port, { group: "nodes" }, "Kubernetes API"),
    ...cidrs("api", api.port, apiCidrs, "Kubernetes API"),
    ...cidrs("nodes", 22, allowedCidrs, "SSH"),
    ...(bastion ? [tcp("nodes", 22, { group: "bastion" }, "SSH"), ...cidrs("bastion", 22, bastion.allowedCidrs, "SSH")] : []),
  ];
}

/** A rule's name in the state. */
export function ingressName({ group, protocol, port, from }: Ingress): string {
  return `${group}-${port}-${protocol}-from-${"group" in from ? from.group : from.cidr.replace("/", "_")}`;
}

/** The groups of a host. */
export const groupsOf = (roles: readonly Role[]): GroupName[] => ["nodes", ...hostGroups.filter((role) => roles.includes(role))];
