import { addressNumber, addressText, familyOf, inside, listOf, range } from "../../config/addresses.ts";
import { oneProblem, type Problem, shown } from "../../config/problems.ts";
import { unevenRanges } from "../../config/rules/networks.ts";
import { addressesOf, apiPlaces, at, eachHost, type Rule } from "../../config/rules/rule.ts";
import type { ProviderModule } from "../contract.ts";
import { type LabCluster, labSchema } from "./schema.ts";

const wholeSubnet: Rule<LabCluster> = {
  says: "The host part of `lab.subnet` is zero.",
  check: ({ lab }) => unevenRanges(listOf(lab.subnet).map((cidr) => ({ key: at("lab", "subnet"), cidr }))),
};

const labFamilies: Rule<LabCluster> = {
  says: "`lab.subnet` has the families of `network.podCidr`, in the same order.",
  check({ lab, network }) {
    const families = (text: string) => listOf(text).map(familyOf).join();
    if (families(lab.subnet) === families(network.podCidr)) return [];
    const allowed = "a range for each of cluster.network.podCidr, of the same family";
    return oneProblem(at("lab", "subnet"), `is ${shown(listOf(lab.subnet))}`, allowed);
  },
};

const labAddresses: Rule<LabCluster> = {
  says: "In the lab, hosts and the virtual IP are in `lab.subnet` (/16 to /28, IPv6: /48 to /124) and not its first, second (the machine) or last address.",
  check(cluster) {
    const subnets = listOf(cluster.lab.subnet).map(range);
    const sizes = subnets.flatMap(({ family, prefix, text }) => {
      const [longest, shortest] = family === 4 ? [16, 28] : [48, 124];
      if (prefix >= longest && prefix <= shortest) return [];
      return oneProblem(at("lab", "subnet"), `is ${shown(text)}`, `a range from /${longest} to /${shortest}`);
    });
    if (sizes.length > 0) return sizes;
    const refused = (key: string, address: string): Problem[] => {
      const subnet = subnets.find(({ family }) => family === familyOf(address));
      if (subnet === undefined) return []; // familyRules say more
      const [lowest, highest] = [subnet.first + 2n, subnet.last - 1n];
      const number = addressNumber(address);
      if (number >= lowest && number <= highest) return [];
      const [from, to] = [addressText(lowest, subnet.family), addressText(highest, subnet.family)];
      const allowed = `an address from ${from} to ${to}: in cluster.lab.subnet, not the machine's own`;
      return oneProblem(key, `is ${shown(address)}`, allowed);
    };
    return [
      ...eachHost(cluster, (name, host) =>
        addressesOf(host).flatMap((address) => refused(at("hosts", name, "address"), address)),
      ),
      ...apiPlaces(cluster, "address").flatMap(({ key, value }) => refused(key, value)),
    ];
  },
};

const labInNodeCidrs: Rule<LabCluster> = {
  says: "`lab.subnet` is in one of `nodeCidrs`.",
  check(cluster) {
    const { lab } = cluster;
    const found = `is ${shown(cluster.nodeCidrs)}`;
    return listOf(lab.subnet)
      .filter((subnet) => !cluster.nodeCidrs.some((cidr) => inside(range(subnet), range(cidr))))
      .flatMap((subnet) => oneProblem(at("nodeCidrs"), found, `a list with a range that holds cluster.lab.subnet, ${subnet}`));
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
  rules: [wholeSubnet, labFamilies, labInNodeCidrs, labAddresses],
  create: async (args) => (await import("./index.ts")).labInfrastructure(args),
};
