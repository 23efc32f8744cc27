import { createHash } from "node:crypto";
import type { Cluster } from "../../../config/schema.ts";
import { clientUrl, peerUrl } from "../../cluster.ts";

/**
 * The id of an etcd cluster that is born with these peer URLs and this token, as etcd prints it in decimal. Members are told apart
 * by it, so that hosts which restore the same snapshot at the same time know each other and no old member.
 *
 * Source: etcd's server/etcdserver/api/membership, computeMemberID and genID. An id is the first 8 bytes of a SHA-1: a member's of
 * its peer URL and the token, the cluster's of all member ids in order.
 */
export function etcdClusterId(token: string, peerUrls: readonly string[]): string {
  const members = peerUrls.map((url) => sha1Start(`${url}${token}`)).sort(Buffer.compare);
  return sha1Start(Buffer.concat(members)).readBigUInt64BE().toString();
}

const sha1Start = (data: string | Buffer) => createHash("sha1").update(data).digest().subarray(0, 8);

/**
 * How far revisions go on above a snapshot's. Clients must find what they know gone, and never see revisions that they have passed
 * come again: they would wait in silence until those are reached. So each restore of a stack goes further than the one before, which may
 * have been of the same snapshot. No cluster writes so much between two: at 1000 writes a second it would take 11 days.
 */
const REVISIONS_APART = 1_000_000_000;

/** Settings of the stage's script for a restore of the whole cluster; none where there is none. `restores`: ids of all, oldest first. */
export function restoreSettings(
  owner: string,
  restore: Cluster["etcd"]["restoreFrom"],
  members: readonly { name: string; address: string }[],
  restores: readonly string[],
): Record<string, string> {
  if (restore === undefined) return {};
  // Another token for each restore: no member of the cluster before can ever be taken for one of the new.
  const token = `${owner}/${restore.id}`;
  const urls = members.map(({ address }) => peerUrl(address));
  return {
    RESTORE_ID: restore.id,
    RESTORE_SNAPSHOT: restore.snapshot,
    RESTORE_SHA256: restore.sha256,
    RESTORE_REPLACES_HEALTHY: restore.replaceHealthyCluster ? "yes" : "no",
    RESTORE_TOKEN: token,
    RESTORE_REVISIONS: String(REVISIONS_APART * (restores.indexOf(restore.id) + 1)),
    RESTORE_CLUSTER: members.map(({ name, address }) => `${name}=${peerUrl(address)}`).join(","),
    RESTORE_CLUSTER_ID: etcdClusterId(token, urls),
    RESTORE_ENDPOINTS: members.map(({ address }) => clientUrl(address)).join(","),
  };
}
