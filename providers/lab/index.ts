import { configuredEndpoint, configuredHosts } from "../configured.ts";
import type { Infrastructure, ProviderArgs } from "../contract.ts";
import { bundleFromThisMachine } from "./artifacts.ts";
import { LabKeys, labConnection } from "./connection.ts";
import { Lab } from "./machines.ts";
import type { LabCluster } from "./schema.ts";

/**
 * Throw-away hosts on the machine that runs this program: system containers on a bridge of their own, gone again with the
 * stack. Needs root and Debian or Ubuntu, or docker and debootstrap installed. Nothing runs before `up`: a preview works anywhere.
 */
export function labInfrastructure({ cluster, path = [], parent }: ProviderArgs<LabCluster>): Infrastructure {
  const { lab: settings } = cluster;
  const lab = new Lab("lab", { cluster: cluster.name, subnet: settings.subnet }, { parent });
  const keys = new LabKeys(lab);
  return {
    hosts: configuredHosts(cluster, (name, { address, secondAddress, incarnation, lost }) => ({
      connection: labConnection(address, settings.sshUser, keys),
      // A lost host is gone: its container, if it remains, is deleted.
      ...(!lost && {
        machine: lab.createHost(name, { addresses: [address, secondAddress ?? []].flat().join(","), incarnation }, keys),
        site: lab.network,
      }),
    })),
    endpoint: configuredEndpoint(cluster),
    artifacts: bundleFromThisMachine(cluster, path, lab),
    // The hosts share this machine's disk: evicting pods would not free it.
    kubeletExtraArgs: {
      "eviction-hard": "memory.available<100Mi,nodefs.available<1%,nodefs.inodesFree<1%,imagefs.available<1%",
      "image-gc-high-threshold": "100",
    },
    addons: [],
  };
}
