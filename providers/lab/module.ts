import { addressNumber, addressText, inside, range } from "../../config/addresses.ts";
import { oneProblem, type Problem, shown } from "../../config/problems.ts";
import { unevenRanges } from "../../config/rules/networks.ts";
import { apiPlaces, at, eachHost, type Rule } from "../../config/rules/rule.ts";
import type { ProviderModule } from "../contract.ts";
import { type LabCluster, labSchema } from "./schema.ts";

const wholeSubnet: Rule<LabCluster> = {
  says: "The host part of `lab.subnet` is zero.",
  check: ({ lab }) => unevenRanges([{ key: at("lab", "subnet"), cidr: lab.subnet }]),
};

const labAddresses: Rule<LabCluster> = {
  says: "In the lab, hosts and the virtual IP are in `lab.subnet` (/16 to /28) and not its first, second (the machine) or last address.",
  check(cluster) {
    const subnet = range(cluster.lab.subnet);
    if (subnet.prefix < 16 || subnet.prefix > 28) {
      return oneProblem(at("lab", "subnet"), `is ${shown(cluster.lab.subnet)}`, "a range from /16 to /28");
    }
    const [lowest, highest] = [subnet.first + 2, subnet.last - 1];
    const allowed = `an address from ${addressText(lowest)} to ${addressText(highest)}: in cluster.lab.subnet, not the machine's own`;
    const refused = (key: string, address: string | undefined): Problem[] => {
      if (address === undefined) return [];
      const number = addressNumber(address);
      return number < lowest || number > highest ? oneProblem(key, `is ${shown(address)}`, allowed) : [];
    };
    return [
      ...eachHost(cluster, (name, { address }) => refused(at("hosts", name, "address"), address)),
      ...apiPlaces(cluster, "address").flatMap(({ key, value }) => refused(key, value)),
    ];
  },
};

const labInNodeCidrs: Rule<LabCluster> = {
  says: "`lab.subnet` is in one of `nodeCidrs`.",
  check(cluster) {
    const { lab } = cluster;
    if (cluster.nodeCidrs.some((cidr) => inside(range(lab.subnet), range(cidr)))) return [];
    const found = `is ${shown(cluster.nodeCidrs)}`;
    return oneProblem(at("nodeCidrs"), found, `a list with a range that holds cluster.lab.subnet, ${lab.subnet}`);
  },
};

/** Throw-away hosts on the machine that runs this program. */
export const lab: ProviderModule<LabCluster> = {
  name: "lab",
  gives: "makes throw-away hosts on this machine",
  traits: {
    createsHosts: true,
    givesAddresses: false,
    ownsDevices: true,
    ownsNetwork: true,
    ownsEndpoint: false,
    scalesPools: false,
    ownsBackupBucket: false,
    makesArtifacts: true,
  },
  sections: { cluster: labSchema },
  example: "lab: { subnet: 10.77.0.0/24 }",
  rules: [wholeSubnet, labInNodeCidrs, labAddresses],
  create: async (args) => (await import("./index.ts")).labInfrastructure(args),
};
