import { addressText, contains, inside, range } from "../../../config/addresses.ts";
import { oneProblem, type Problem, shown } from "../../../config/problems.ts";
import { unevenRanges } from "../../../config/rules/networks.ts";
import { at, eachHost, type Rule } from "../../../config/rules/rule.ts";
import { zoneOf } from "./machines.ts";
import type { AwsCluster } from "./schema.ts";
import { subnetLayout } from "./subnets.ts";

// Zones, subnets and who may come in, on aws.

const zones: Rule<AwsCluster> = {
  says: "`aws.zones` are 1 to 3 different zones of one region; every host's zone is one of them.",
  check(cluster) {
    const list = cluster.aws.zones;
    const key = at("aws", "zones");
    const regions = new Set(list.map((zone) => zone.slice(0, -1)));
    if (list.length > 3 || new Set(list).size < list.length || regions.size > 1) {
      return oneProblem(key, `is ${shown(list)}`, "1 to 3 different zones of one region; 3 survive the loss of any");
    }
    return eachHost(cluster, (name, { aws }) =>
      aws?.zone === undefined || list.includes(aws.zone)
        ? []
        : oneProblem(at("hosts", name, "aws", "zone"), `is ${shown(aws.zone)}`, `one of aws.zones: ${list.join(", ")}`),
    );
  },
};

const vpcRange: Rule<AwsCluster> = {
  says: "`aws.network.vpcCidr` is from /16 to /24 and in one of `nodeCidrs`.",
  check({ aws, nodeCidrs }) {
    if (aws.network.existing !== undefined) return [];
    const { vpcCidr } = aws.network;
    const vpc = range(vpcCidr);
    const key = at("aws", "network", "vpcCidr");
    if (vpc.prefix < 16 || vpc.prefix > 24) return oneProblem(key, `is ${shown(vpcCidr)}`, "a range from /16 to /24");
    if (nodeCidrs.some((cidr) => inside(vpc, range(cidr)))) return [];
    return oneProblem(
      at("nodeCidrs"),
      `is ${shown(nodeCidrs)}`,
      `a list with a range that holds aws.network.vpcCidr, ${vpcCidr}`,
    );
  },
};

const addressesInSubnets: Rule<AwsCluster> = {
  says: "An address that a host is given is in its zone's private subnet, and none of the five that AWS keeps there.",
  check(cluster) {
    const { aws } = cluster;
    if (aws.network.existing !== undefined) return [];
    const layout = subnetLayout(aws.network.vpcCidr, aws.zones);
    return eachHost(cluster, (name, host) => {
      const zone = zoneOf(name, host, aws.zones);
      const subnet = layout.find((it) => it.zone === zone)?.private;
      if (host.address === undefined || subnet === undefined) return [];
      // The first four and the last one (VPC User Guide, "Subnet CIDR blocks").
      const { first, last } = range(subnet);
      const usable = { ...range(subnet), first: first + 4n, last: last - 1n };
      if (contains(usable, host.address)) return [];
      const allowed = `nothing, or an address from ${addressText(usable.first)} to ${addressText(usable.last)}: the private subnet of ${zone}`;
      return oneProblem(at("hosts", name, "address"), `is ${shown(host.address)}`, allowed);
    });
  },
};

const existingSubnets: Rule<AwsCluster> = {
  says: "An existing VPC has a private subnet in each of `aws.zones`, and a public one where the API is public or a bastion is made.",
  check({ aws }) {
    const existing = aws.network.existing;
    if (existing === undefined) return [];
    const missing = (kind: "privateSubnetIds" | "publicSubnetIds", why: string): Problem[] =>
      aws.zones
        .filter((zone) => existing[kind][zone] === undefined)
        .map((zone) => ({
          key: at("aws", "network", "existing", kind, zone),
          found: "is missing",
          allowed: `a subnet's id, because ${why}`,
        }));
    const publicToo = aws.api.public ? "the API is public" : aws.ssh.bastion && "a bastion is made";
    return [
      ...missing("privateSubnetIds", "the zone is in aws.zones"),
      ...(publicToo ? missing("publicSubnetIds", publicToo) : []),
    ];
  },
};

const waysIn: Rule<AwsCluster> = {
  says: "On aws the hosts are reached through `aws.ssh.bastion` or from `aws.ssh.allowedCidrs`; a public API says who may reach it.",
  check({ aws }) {
    const problems: Problem[] = [];
    if (aws.ssh.bastion === undefined && aws.ssh.allowedCidrs.length === 0) {
      problems.push({
        key: at("aws", "ssh"),
        found: "lets nobody in",
        allowed: "allowedCidrs, the ranges of your VPN or of the machine in the VPC that runs this program; or bastion",
        cure: "such as ssh: { bastion: { allowedCidrs: [203.0.113.0/24] } }",
      });
    }
    if (aws.api.public && aws.api.allowedCidrs.length === 0) {
      problems.push({
        key: at("aws", "api", "allowedCidrs"),
        found: "is missing",
        allowed: "who may reach the public API: ranges of yours, or 0.0.0.0/0 for everybody",
      });
    }
    return problems;
  },
};

const hostedZone: Rule<AwsCluster> = {
  says: "`api.domainName` is in `aws.api.hostedZone`, where that is given.",
  check({ aws, api }) {
    const zone = aws.api.hostedZone;
    if (zone === undefined || api.domainName === zone.name || api.domainName.endsWith(`.${zone.name}`)) return [];
    return oneProblem(at("api", "domainName"), `is ${shown(api.domainName)}`, `a name in aws.api.hostedZone, ${zone.name}`);
  },
};

const hostPart = (key: string, cidrs: readonly string[]) => cidrs.map((cidr, index) => ({ key: `${key}[${index}]`, cidr }));

const wholeRanges: Rule<AwsCluster> = {
  says: "The host part of every range in `aws` is zero.",
  check: ({ aws }) =>
    unevenRanges([
      { key: at("aws", "network", "vpcCidr"), cidr: aws.network.vpcCidr },
      ...hostPart(at("aws", "api", "allowedCidrs"), aws.api.allowedCidrs),
      ...hostPart(at("aws", "ssh", "allowedCidrs"), aws.ssh.allowedCidrs),
      ...hostPart(at("aws", "ssh", "bastion", "allowedCidrs"), aws.ssh.bastion?.allowedCidrs ?? []),
    ]),
};

const ownBastion: Rule<AwsCluster> = {
  says: "On aws the cluster has no `ssh.bastion`: the program makes one with `aws.ssh.bastion`, and then no host is called `bastion`.",
  check({ ssh: { bastion }, aws, hosts }) {
    const key = at("ssh", "bastion");
    if (bastion !== undefined)
      return oneProblem(key, `is ${shown(bastion)}`, "nothing, because the program makes it", "aws.ssh.bastion has one made");
    // Both host keys would be the resource `host-key-bastion`.
    return aws.ssh.bastion !== undefined && hosts.bastion !== undefined
      ? oneProblem(at("hosts", "bastion"), "has the name of the instance that aws.ssh.bastion makes", "a name of its own")
      : [];
  },
};

const plainRoutes: Rule<AwsCluster> = {
  says: "flannel's `host-gw` and `directRouting` are refused on aws, whose network drops packets with pods' addresses.",
  check({ network: { flannel } }) {
    const key = (name: string) => at("network", "flannel", name);
    const why = "aws's network drops packets with pods' addresses";
    return [
      ...(flannel.backend === "host-gw" ? oneProblem(key("backend"), 'is "host-gw"', `vxlan or wireguard, because ${why}`) : []),
      ...(flannel.directRouting ? oneProblem(key("directRouting"), "is true", `false, because ${why}`) : []),
    ];
  },
};

/** Rules about networks on aws. */
export const awsNetworkRules: readonly Rule<AwsCluster>[] = [
  plainRoutes,
  ownBastion,
  wholeRanges,
  zones,
  vpcRange,
  addressesInSubnets,
  existingSubnets,
  waysIn,
  hostedZone,
];
