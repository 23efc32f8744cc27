import { configuredArtifacts, configuredEndpoint, configuredHosts } from "../configured.ts";
import type { Infrastructure, ProviderArgs } from "../contract.ts";
import { hostConnection } from "./connection.ts";
import { refuseUnusable } from "./first-look.ts";

/** Hosts that exist already, as the config lists them. They outlive the stack: `destroy` undoes the stages on each. */
export async function bareMetalInfrastructure(args: ProviderArgs): Promise<Infrastructure> {
  const { cluster, secrets } = args;
  await refuseUnusable(args);
  return {
    hosts: configuredHosts(cluster, (name, host) => ({ connection: hostConnection(name, host, cluster.ssh, secrets) })),
    endpoint: configuredEndpoint(cluster),
    artifacts: configuredArtifacts(cluster.artifacts),
    kubeletExtraArgs: {},
    addons: [],
  };
}
