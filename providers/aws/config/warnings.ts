import { oneProblem, shown } from "../../../config/problems.ts";
import { at, type Rule } from "../../../config/rules/rule.ts";
import type { AwsCluster } from "./schema.ts";

// Settings of aws that are allowed but reported at every run.

const ownVpc: Rule<AwsCluster> = {
  says: "`aws.network.vpcCidr` or `natGateways` is given beside `existing`, where they are not read.",
  check({ aws }) {
    if (aws.network.existing === undefined) return [];
    const { vpcCidr, natGateways } = aws.network;
    const unused = [...(vpcCidr === "10.0.0.0/16" ? [] : ["vpcCidr"]), ...(natGateways === "per-zone" ? [] : ["natGateways"])];
    return unused.map((key) => ({ key: at("aws", "network", key), found: "is not used", allowed: "nothing beside existing" }));
  },
};

const fewZones: Rule<AwsCluster> = {
  says: "On aws there are fewer than three zones.",
  check({ aws }) {
    if (aws.zones.length >= 3) return [];
    const found = `is ${shown(aws.zones)}: the loss of one zone may take a majority of etcd's members`;
    return oneProblem(at("aws", "zones"), found, "three zones");
  },
};

const openToAll: Rule<AwsCluster> = {
  says: "On aws the API or sshd is open to the whole internet.",
  check({ aws }) {
    const open = [
      { key: at("aws", "api", "allowedCidrs"), cidrs: aws.api.public ? aws.api.allowedCidrs : [] },
      { key: at("aws", "ssh", "allowedCidrs"), cidrs: aws.ssh.allowedCidrs },
      { key: at("aws", "ssh", "bastion", "allowedCidrs"), cidrs: aws.ssh.bastion?.allowedCidrs ?? [] },
    ];
    // Nobody has as much of the internet as a /7.
    return open.flatMap(({ key, cidrs }) =>
      cidrs
        .filter((cidr) => Number(cidr.split("/")[1]) < 8)
        .map((cidr) => ({ key, found: `has ${cidr}`, allowed: "the ranges you come from" })),
    );
  },
};

/** Warnings about aws. */
export const awsWarnings: readonly Rule<AwsCluster>[] = [ownVpc, fewZones, openToAll];
