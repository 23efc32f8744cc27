import { awsMachineRules } from "../../providers/aws/config/machine-rules.ts";
import { awsNetworkRules } from "../../providers/aws/config/network-rules.ts";
import { type Problem, shown } from "../problems.ts";
import { at, eachHost, type Rule } from "./rule.ts";

// What fits together on aws.

const onlyOnAws: Rule = {
  says: "`aws` is given with provider aws and with no other, as are a host's and a pool's `aws` and a pool's `autoscaling`.",
  check(cluster) {
    if (cluster.provider === "aws") {
      if (cluster.aws !== undefined) return [];
      const cure = "such as aws: { zones: [eu-central-1a, eu-central-1b, eu-central-1c] }";
      return [{ key: at("aws"), found: "is missing", allowed: "the provider's settings, because cluster.provider is aws", cure }];
    }
    const refuse = (key: string, value: unknown): Problem[] =>
      value === undefined
        ? []
        : [{ key, found: `is ${shown(value)}`, allowed: `nothing, because cluster.provider is ${cluster.provider}` }];
    return [
      ...refuse(at("aws"), cluster.aws),
      ...eachHost(cluster, (name, { aws }) => refuse(at("hosts", name, "aws"), aws)),
      ...Object.entries(cluster.pools).flatMap(([name, { aws, autoscaling }]) => [
        ...refuse(at("pools", name, "aws"), aws),
        ...refuse(at("pools", name, "autoscaling"), autoscaling),
      ]),
    ];
  },
};

const madeByAws = ["sshAddress", "sshPort", "sshUser", "hostKey", "dataDevice"] as const;

const hostSettings: Rule = {
  says: "On aws hosts have no SSH settings, `dataDevice` or role balancer, and the cluster no bastion of `ssh`: the program makes all these.",
  check(cluster) {
    if (cluster.provider !== "aws") return [];
    const nothing = "nothing, because the program makes it";
    const hosts = eachHost(cluster, (name, host) => [
      ...madeByAws
        .filter((setting) => host[setting] !== undefined)
        .map((setting) => ({ key: at("hosts", name, setting), found: `is ${shown(host[setting])}`, allowed: nothing })),
      ...(host.connection === "local"
        ? [{ key: at("hosts", name, "connection"), found: 'is "local"', allowed: "ssh, because the program makes the host" }]
        : []),
      ...(host.roles.includes("balancer")
        ? [
            {
              key: at("hosts", name, "roles"),
              found: `is ${shown(host.roles)}`,
              allowed: "no role balancer, because a Network Load Balancer stands before the apiservers",
            },
          ]
        : []),
    ]);
    const { bastion } = cluster.ssh;
    const cure = "aws.ssh.bastion has one made";
    return bastion === undefined
      ? hosts
      : [...hosts, { key: at("ssh", "bastion"), found: `is ${shown(bastion)}`, allowed: nothing, cure }];
  },
};

/** Rules about aws. */
export const awsRules: readonly Rule[] = [onlyOnAws, hostSettings, ...awsNetworkRules, ...awsMachineRules];
