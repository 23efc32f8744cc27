import { isDeepStrictEqual } from "node:util";
import { isNodeLocal, isRouted, isVirtual, routerId } from "./api.ts";
import { type AuthorityName, authorityNames, firstGeneration, type Generations, sameGenerations } from "./authorities.ts";
import { type RecordedLost, recordLost } from "./lost.ts";
import { podNetworkWords } from "./pod-network.ts";
import { type Recorded, type RecordedApi, type RecordedAuthority, type RecordedHost, recordedSchema } from "./record-schema.ts";
import { joinsAsWorker } from "./roles.ts";
import { defaultNodeMask } from "./schema/network.ts";
import type { Cluster, HostConfig } from "./schema.ts";
import type { ProviderTraits } from "./traits.ts";
import { pathOf } from "./upgrade-path.ts";
import { type KnownVersions, partVersions } from "./versions.ts";

// What an `up` leaves in the stack's outputs for the next one, which refuses changes by it.

export type { Recorded, RecordedApi, RecordedHost } from "./record-schema.ts";

/** What a provider adds to the record. */
export interface ProviderRecord {
  /** What every address is of, in words that change only with it. */
  network: string;
  /** By host: where its machine is, and what it is made with. Other words of `born` mean that it is stopped or replaced. */
  machines: Readonly<Record<string, { zone: string; born: string }>>;
}

/** Versions of the lock, and providers with what they record. */
interface Recording extends KnownVersions {
  providers: readonly { name: string; record?(cluster: Cluster): ProviderRecord }[];
}

/** How far an authority was. */
export const authorityOf = (recorded: Recorded | undefined, name: AuthorityName): RecordedAuthority =>
  recorded?.authorities?.[name] ?? firstGeneration;

/** The record of a cluster, to be exported as the stack output `recorded`. `before` is the last one. */
export function record(cluster: Cluster, known: Recording, before?: Recorded, now = new Date()): Recorded {
  const path = pathOf(before, cluster, known);
  const restores = restoresOf(cluster, before);
  const lost = lostOf(cluster, before, now);
  const provided = known.providers.find(({ name }) => name === cluster.provider)?.record?.(cluster);
  const hosts = Object.entries(cluster.hosts).map(([name, host]): [string, RecordedHost] => [
    name,
    recordHost(cluster, host, provided?.machines[name], before?.hosts[name]),
  ]);
  return {
    name: cluster.name,
    provider: cluster.provider,
    kubernetesVersion: cluster.kubernetesVersion,
    ...(cluster.defaultVersion && { defaultVersion: true as const }),
    ...(path.length > 0 && { kubernetesPath: path }),
    versions: { ...partVersions(cluster, known) },
    podCidr: cluster.network.podCidr,
    serviceCidr: cluster.network.serviceCidr,
    ...(!isDeepStrictEqual(cluster.network.nodeMask, defaultNodeMask) && { nodeMask: cluster.network.nodeMask }),
    dnsDomain: cluster.network.dnsDomain,
    podNetwork: podNetworkWords(cluster),
    etcdDataDirectory: cluster.etcd.dataDirectory,
    ...(cluster.api.extraArgs["encryption-provider-config"] !== undefined && { encryption: true as const }),
    ...(isNodeLocal(cluster) && { balancer: "node-local" }),
    ...(isRouted(cluster) && { balancer: "routed" }),
    api: recordApi(cluster),
    hosts: Object.fromEntries(hosts),
    ...(provided && {
      network: provided.network,
      maxUnavailable: Object.fromEntries(Object.entries(cluster.pools).map(([name, pool]) => [name, pool.maxUnavailable])),
    }),
    authorities: Object.fromEntries(
      authorityNames.map((name) => [
        name,
        recordAuthority(cluster.certificates.authorities[name], authorityOf(before, name), now),
      ]),
    ),
    ...(restores.length > 0 && { restores }),
    ...(lost.length > 0 && { lost }),
  };
}

const lostOf = (cluster: Cluster, before: Recorded | undefined, now: Date): RecordedLost[] =>
  recordLost(
    cluster,
    before?.lost ?? [],
    (name) => authorityOf(before, name),
    (name) => cluster.certificates.authorities[name],
    now,
  );

function recordApi(cluster: Cluster): RecordedApi {
  const { api, balancer } = cluster;
  const { domainName, address, port, former } = api;
  const virtual = address !== undefined && isVirtual(cluster);
  return {
    domainName,
    // Where every node has its own balancer, no client in the cluster goes by an address.
    ...(address !== undefined && !isNodeLocal(cluster) && { address }),
    port,
    ...(virtual && { virtualRouterId: routerId(address, balancer.virtualRouterId) }),
    ...(former && {
      former: {
        ...former,
        ...(virtual && former.address !== undefined && { virtualRouterId: routerId(former.address, former.virtualRouterId) }),
      },
    }),
  };
}

/**
 * The record of a release that did not record where the API is, with what its output `apiEndpoint` says of that: `https://address:port`.
 * A provider's balancer has its own address, which is not part of a record.
 */
export function withApiOf(
  recorded: Recorded,
  apiEndpoint: unknown,
  { ownsEndpoint }: Pick<ProviderTraits, "ownsEndpoint">,
): Recorded {
  if (recorded.api !== undefined || typeof apiEndpoint !== "string" || !URL.canParse(apiEndpoint)) return recorded;
  const { hostname, port } = new URL(apiEndpoint);
  const address = ownsEndpoint ? {} : { address: hostname };
  return { ...recorded, api: { ...address, port: Number(port || 443) } };
}

/** Whether the API moves, or leaves where it was before: every client must have followed before the next step. */
export const movesApi = (before: Recorded | undefined, after: Recorded): boolean =>
  before !== undefined &&
  (before.api?.domainName === undefined ? after.api?.former !== undefined : !isDeepStrictEqual(before.api, after.api));

function restoresOf({ etcd }: Cluster, before?: Recorded): string[] {
  return [...new Set([...(before?.restores ?? []), ...(etcd.restoreFrom === undefined ? [] : [etcd.restoreFrom.id])])];
}

function recordAuthority({ trust, issue }: Generations, before: RecordedAuthority, now: Date): RecordedAuthority {
  const issuesSince = issue === before.issue ? before.issuesSince : now.toISOString();
  return { trust: [...trust], issue, ...(issuesSince !== undefined && { issuesSince }) };
}

/** Whether these records differ in an authority: a step of a rotation is being taken. */
export const rotates = (before: Recorded | undefined, after: Recorded): boolean =>
  authorityNames.some((name) => !sameGenerations(authorityOf(before, name), authorityOf(after, name)));

/**
 * Why this worker's join credential is to be made once more: another word of `repair`, which may be needed because the worker has none
 * that is of use, or another pool, which control planes are told with it. A worker of an older release's record keeps what it has.
 */
function joinOf(host: HostConfig, repair: string, before: RecordedHost | undefined): string | undefined {
  const known = before?.incarnation === host.incarnation ? before : undefined;
  if (known === undefined) return repair || undefined;
  if (known.repair === undefined) return undefined;
  const repaired = repair !== "" && repair !== known.repair;
  return repaired || host.pool !== known.pool ? `${host.pool} ${repair}`.trim() : known.join;
}

function recordHost(
  cluster: Cluster,
  host: HostConfig,
  machine: ProviderRecord["machines"][string] | undefined,
  before: RecordedHost | undefined,
): RecordedHost {
  const { address, secondAddress, roles, lost, incarnation, dataDevice, pool } = host;
  const known = {
    ...(address !== undefined && { address }),
    ...(secondAddress !== undefined && { secondAddress }),
    ...(dataDevice !== undefined && { dataDevice }),
  };
  const repair = cluster.repair ?? "";
  const joins = pool !== undefined && joinsAsWorker(roles);
  const join = joins ? joinOf(host, repair, before) : undefined;
  const worker = joins && { pool, repair, ...(join !== undefined && { join }) };
  return {
    roles: [...roles],
    lost,
    incarnation,
    ...known,
    ...(machine && { machine: { ...machine, ...(joins && { pool }) } }),
    ...worker,
  };
}

/**
 * The record in a stack's output; undefined where there is none, so before the first `up`.
 *
 * @throws Error where there is one that can't be read: refusing by half a record would be worse than stopping.
 */
export function readRecorded(output: unknown): Recorded | undefined {
  if (output === undefined || output === null) return undefined;
  const result = recordedSchema.safeParse(output);
  if (result.success) return result.data;
  const where = result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
  throw new Error(
    `The stack's output "recorded", which says what the last up made, can't be read: ${where}. Was it written by a newer release?`,
  );
}
