import { z } from "zod";
import { roleSchema } from "./hosts.ts";
import type { Cluster, HostConfig } from "./schema.ts";
import { type KnownVersions, partVersions } from "./versions.ts";

// What an `up` leaves in the stack's outputs for the next one, which refuses changes by it. A key added later must be optional:
// the record of an older release is read by this one.

const recordedHost = z.object({
  /** Absent where the provider picks it. */
  address: z.string().optional(),
  roles: z.array(roleSchema),
  lost: z.boolean(),
  incarnation: z.number(),
  dataDevice: z.string().optional(),
});

const recordedSchema = z.object({
  name: z.string(),
  provider: z.string(),
  kubernetesVersion: z.string(),
  /** Versions of the other parts, recommended ones included. */
  versions: z.record(z.string(), z.string()),
  podCidr: z.string(),
  serviceCidr: z.string(),
  dnsDomain: z.string(),
  etcdDataDirectory: z.string(),
  hosts: z.record(z.string(), recordedHost),
});

/** A cluster as the last `up` was told to make it. Holds no secret. */
export type Recorded = z.output<typeof recordedSchema>;
export type RecordedHost = z.output<typeof recordedHost>;

/** The record of a cluster, to be exported as the stack output `recorded`. */
export function record(cluster: Cluster, known: KnownVersions): Recorded {
  const hosts = Object.entries(cluster.hosts).map(([name, host]): [string, RecordedHost] => [name, recordHost(host)]);
  return {
    name: cluster.name,
    provider: cluster.provider,
    kubernetesVersion: cluster.kubernetesVersion,
    versions: { ...partVersions(cluster, known) },
    podCidr: cluster.network.podCidr,
    serviceCidr: cluster.network.serviceCidr,
    dnsDomain: cluster.network.dnsDomain,
    etcdDataDirectory: cluster.etcd.dataDirectory,
    hosts: Object.fromEntries(hosts),
  };
}

function recordHost({ address, roles, lost, incarnation, dataDevice }: HostConfig): RecordedHost {
  const known = { ...(address !== undefined && { address }), ...(dataDevice !== undefined && { dataDevice }) };
  return { roles: [...roles], lost, incarnation, ...known };
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
