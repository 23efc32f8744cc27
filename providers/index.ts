import { knownVersions } from "../artifacts/known-versions.ts";
import { knownBy, providerOf } from "../config/provider.ts";
import type { Infrastructure, ProviderArgs, ProviderModule } from "./contract.ts";
import * as registry from "./registry.ts";

/** Every provider. */
export const providers: readonly ProviderModule[] = Object.values(registry);

/** What configs of this program may name. */
export const known = knownBy(knownVersions(), providers);

/** The hosts that the config's provider gives. A provider that is not used is never loaded. */
export async function createInfrastructure(args: ProviderArgs, among = providers): Promise<Infrastructure> {
  const given = await providerOf({ providers: among }, args.cluster.provider).create(args);
  return { ...given, hosts: given.hosts.map((host) => ({ ...host, repair: args.cluster.repair })) };
}
