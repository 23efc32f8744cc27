import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { isNodeLocal, isRouted, isVirtual, routerId } from "./api.ts";
import { type AuthorityName, authorityNames, firstGeneration, type Generations, sameGenerations } from "./authorities.ts";
import { roleSchema } from "./hosts.ts";
import { type RecordedLost, recordedLostSchema, recordLost } from "./lost.ts";
import { podNetworkWords } from "./pod-network.ts";
import { joinsAsWorker } from "./roles.ts";
import { defaultNodeMask } from "./schema/network.ts";
import type { Cluster, HostConfig } from "./schema.ts";
import type { ProviderTraits } from "./traits.ts";
import { pathOf } from "./upgrade-path.ts";
import { type KnownVersions, partVersions } from "./versions.ts";

// What an `up` leaves in the stack's outputs for the next one, which refuses changes by it. A key added later must be optional:
// the record of an older release is read by this one.

const recordedHost = z.object({
  /** Absent where the provider picks it. */
  address: z.string().optional(),
  /** That of the other family, with dual stack. */
  secondAddress: z.string().optional(),
  roles: z.array(roleSchema),
  lost: z.boolean(),
  incarnation: z.number(),
  dataDevice: z.string().optional(),
  /** A worker's pool. Older records lack it. */
  pool: z.string().optional(),
  /** The word of `repair`, empty where there was none. Older records lack it. */
  repair: z.string().optional(),
  /** Why a worker's join credential was made once more since its host was: another word. Absent where it was not. */
  join: z.string().optional(),
  /** Its machine, where the provider replaces machines under their hosts. */
  machine: z.object({ zone: z.string(), born: z.string(), pool: z.string().optional() }).optional(),
});

const recordedAuthority = z.object({
  trust: z.array(z.number()),
  issue: z.number(),
  /** Since when this generation signs, ISO 8601; absent for the one that the cluster was born with. */
  issuesSince: z.string().optional(),
});

const recordedApi = z.object({
  /** Absent where it is known from outputs of an older release, which did not record it. */
  domainName: z.string().optional(),
  /** Absent where the provider has the balancer. */
  address: z.string().optional(),
  port: z.number(),
  /** The virtual IP's VRRP id; absent where there is none, and in outputs of an older release. */
  virtualRouterId: z.number().optional(),
  former: z
    .object({ domainName: z.string(), address: z.string(), port: z.number(), virtualRouterId: z.number() })
    .partial()
    .optional(),
});

const recordedSchema = z.object({
  name: z.string(),
  provider: z.string(),
  kubernetesVersion: z.string(),
  /** True where the config named none. Absent where it did. */
  defaultVersion: z.literal(true).optional(),
  /** Versions that the control planes went through on the way to it; absent where the way was one step. */
  kubernetesPath: z.array(z.string()).optional(),
  /** Versions of the other parts, recommended ones included. */
  versions: z.record(z.string(), z.string()),
  /** Ranges of two families are parted by a comma, the primary one first. */
  podCidr: z.string(),
  serviceCidr: z.string(),
  /** Absent where it is the default, and in older records. */
  nodeMask: z.object({ ipv4: z.number(), ipv6: z.number() }).optional(),
  dnsDomain: z.string(),
  /** What nodes agree on, such as `flannel vxlan 8472`; absent in records of an older release. */
  podNetwork: z.string().optional(),
  etcdDataDirectory: z.string(),
  /** How clients find the balancer, where it is none of the two ways that older releases had: by a virtual IP, or by one of yours. */
  balancer: z.string().optional(),
  /** Where every client finds the API; absent in records of an older release. */
  api: recordedApi.optional(),
  hosts: z.record(z.string(), recordedHost),
  /** How many workers of a pool may be out of service at once, beside machines. */
  maxUnavailable: z.record(z.string(), z.number()).optional(),
  /** What every address is of, in the provider's words. */
  network: z.string().optional(),
  /** By the keys of `certificates.authorities`; absent in records of releases without rotations. */
  authorities: z.record(z.string(), recordedAuthority).optional(),
  /** Ids of `etcd.restoreFrom`, oldest first; absent where there was none. */
  restores: z.array(z.string()).optional(),
  /** Hosts that were lost and whose credentials are still valid; absent where there are none. */
  lost: z.array(recordedLostSchema).optional(),
});

/** A cluster as the last `up` was told to make it. Holds no secret. */
export type Recorded = z.output<typeof recordedSchema>;
export type RecordedHost = z.output<typeof recordedHost>;
export type RecordedApi = z.output<typeof recordedApi>;
type RecordedAuthority = z.output<typeof recordedAuthority>;

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
