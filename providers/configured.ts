import { readFileSync } from "node:fs";
import { z } from "zod";
import { isNodeLocal, LOOPBACK } from "../config/api.ts";
import { APISERVER_PORT } from "../config/ports.ts";
import type { Cluster, HostConfig } from "../config/schema.ts";
import type { ArtifactSource, Connection, Host, Infrastructure } from "./contract.ts";

// The parts of an infrastructure that stand in the config, for the providers that take them from there.

/** The config's hosts in its order, with what the provider adds: how they are reached and what they stand on. */
export function configuredHosts(
  cluster: Cluster,
  provided: (name: string, host: HostConfig & { address: string }) => { connection: Connection } & Pick<Host, "machine" | "site">,
): Host[] {
  return Object.entries(cluster.hosts).map(([name, host]) => {
    const { address, secondAddress, roles, architecture, pool, dataDevice, incarnation, lost } = host;
    if (address === undefined) throw new Error(`config key ha-kubernetes:cluster.hosts.${name}.address is missing`);
    const given = provided(name, { ...host, address });
    return {
      name,
      address,
      ...(secondAddress !== undefined && { secondAddress }),
      roles,
      architecture,
      pool,
      dataDevice,
      incarnation,
      lost,
      ...given,
    };
  });
}

/**
 * The API's endpoint at the config's own address: a virtual IP of the balancers, or the balancer that the user runs. Where every node has
 * its own, that address is for those outside the nodes, by default the first control plane's.
 */
export function configuredEndpoint(cluster: Cluster): Infrastructure["endpoint"] {
  const { api, balancer } = cluster;
  if (isNodeLocal(cluster)) {
    const outside = api.address === undefined ? firstControlPlane(cluster) : { address: api.address, port: api.port };
    return { kind: "node-local", address: LOOPBACK, port: api.port, outside };
  }
  // Your balancer, by a name that name servers know.
  if (balancer.kind === "external" && api.address === undefined)
    return { kind: "given", address: api.domainName, port: api.port, inDns: true };
  if (api.address === undefined)
    throw new Error("config key ha-kubernetes:cluster.api.address is missing: your own hosts need one");
  const { address, secondAddress, port } = api;
  const kind = balancer.kind === "external" ? "given" : "haproxy";
  return { kind, address, ...(secondAddress !== undefined && { secondAddress }), port };
}

/** Where the apiserver of the first control plane answers that is not lost. */
function firstControlPlane({ hosts }: Cluster): { address: string; port: number } {
  const [first] = Object.entries(hosts)
    .filter(([, { lost, roles }]) => !lost && roles.includes("control-plane"))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  if (first?.[1].address === undefined)
    throw new Error("config key ha-kubernetes:cluster.hosts has no control plane with an address");
  return { address: first[1].address, port: APISERVER_PORT };
}

/** Where a bundle lies on every host, if the config says nothing else. */
const DEFAULT_FOLDER = "/var/cache/ha-kubernetes/bundle";

const manifestSchema = z.object({
  files: z.record(z.string(), z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/, "a SHA-256, 64 hex digits") })),
});

/** Where hosts take files from, by config. A bundle's manifest is read here and now: it is a small file of this machine. */
export function configuredArtifacts({
  source,
  location,
  manifest,
  imageRepository,
}: Omit<Cluster["artifacts"], "extraImages">): ArtifactSource {
  const sha256 = manifest === undefined ? {} : { sha256: readManifest(manifest) };
  const images = imageRepository === undefined ? {} : { imageRepository };
  switch (source) {
    case "official":
      return { kind: "official", location: "", ...images };
    case "mirror":
      return { kind: "mirror", location: location ?? "", ...sha256, ...images };
    case "bundle":
      return { kind: "bundle", location: location ?? DEFAULT_FOLDER, ...sha256 };
  }
}

/** SHA-256 by file name of a bundle's manifest.json. Throws if the file is missing or is not a manifest. */
function readManifest(path: string): Record<string, string> {
  const wrong = (why: string) =>
    new Error(`config key ha-kubernetes:cluster.artifacts.manifest: ${path} ${why}; npm run bundle writes one`);
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw wrong(`can't be read as JSON: ${error instanceof Error ? error.message : error}`);
  }
  const manifest = manifestSchema.safeParse(json);
  if (!manifest.success) throw wrong(`is not a manifest: ${z.prettifyError(manifest.error)}`);
  return Object.fromEntries(Object.entries(manifest.data.files).map(([name, { sha256 }]) => [name, sha256]));
}
