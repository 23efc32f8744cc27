import type { Cluster, HostConfig } from "../config/schema.ts";
import type { Connection, Host, Infrastructure } from "./contract.ts";

// What providers whose hosts stand in the config have in common.

/** The config's hosts in its order, with what the provider adds: how they are reached and what they stand on. */
export function configuredHosts(
  cluster: Cluster,
  provided: (name: string, host: HostConfig & { address: string }) => { connection: Connection } & Pick<Host, "machine" | "site">,
): Host[] {
  return Object.entries(cluster.hosts).map(([name, host]) => {
    const { address, roles, architecture, pool, dataDevice, incarnation, lost } = host;
    if (address === undefined) throw new Error(`config key ha-kubernetes:cluster.hosts.${name}.address is missing`);
    const given = provided(name, { ...host, address });
    return { name, address, roles, architecture, pool, dataDevice, incarnation, lost, ...given };
  });
}

/** The API's endpoint at the config's own address: a virtual IP of the balancers, or the balancer that the user runs. */
export function configuredEndpoint({ api, balancer }: Cluster): Infrastructure["endpoint"] {
  if (api.address === undefined)
    throw new Error("config key ha-kubernetes:cluster.api.address is missing: your own hosts need one");
  return { kind: balancer.kind === "external" ? "given" : "haproxy", address: api.address, port: api.port };
}
