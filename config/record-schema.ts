import { z } from "zod";
import { roleSchema } from "./hosts.ts";
import { recordedLostSchema } from "./lost.ts";

// The form of what an `up` leaves in the stack's outputs for the next one. A key added later must be optional: the record of an older
// release is read by this one.

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

export const recordedSchema = z.object({
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
  /** True where apiservers have a file that says how data are encrypted in etcd; absent where they don't, and in older records. */
  encryption: z.literal(true).optional(),
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
export type RecordedAuthority = z.output<typeof recordedAuthority>;
