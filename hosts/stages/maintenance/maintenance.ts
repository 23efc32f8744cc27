import { isNodeLocal } from "../../../config/api.ts";
import type { Maintenance } from "../../../config/schema/maintenance.ts";
import type { Cluster, Role } from "../../../config/schema.ts";
import { isNode, peerUrl, podNetwork } from "../../cluster.ts";
import type { Stage } from "../../stage.ts";

export interface MaintenanceStageArgs {
  host: { name: string; address: string; roles: readonly Role[]; pool?: string };
  owner: string;
  cluster: Pick<Cluster, "addons" | "api" | "balancer" | "drain" | "network" | "pools" | "traits">;
  maintenance: Maintenance;
  /** Made with this word: there is nothing to make up for, so the first run only notes the word. */
  isNew: boolean;
  /** The run that finds the host after its reboot. It fails where the host has not come back by another boot. */
  back: boolean;
}

/**
 * What a host goes through for a word of `maintenance.id`: drained, patched, rebooted, proved. Where it reboots, the same script runs twice.
 * Nothing of it is undone.
 */
export function maintenanceStage({ host, owner, cluster, maintenance, isNew, back }: MaintenanceStageArgs): Stage {
  const { roles, pool } = host;
  const etcd = roles.includes("etcd");
  const balancer = isNodeLocal(cluster) ? isNode(roles) : roles.includes("balancer");
  return {
    name: "maintenance",
    host: host.name,
    owner,
    settings: {
      MAINTENANCE: maintenance.id,
      PATCHES: maintenance.packages,
      REBOOT: maintenance.reboot,
      ...(back && { BACK: "yes" }),
      ROLES: roles.join(" "),
      HOST_ADDRESS: host.address,
      PEER_URL: etcd ? peerUrl(host.address) : "",
      ...(balancer && {
        API_PORT: String(cluster.api.port),
        FORMER_PORT: cluster.api.former?.port === undefined ? "" : String(cluster.api.former.port),
        STATISTICS_PORT: String(cluster.balancer.statisticsPort),
      }),
      ...(isNode(roles) && { DRAIN_SECONDS: String(cluster.drain.timeoutSeconds), POD_NETWORK: podNetwork(cluster) }),
      // A control plane that runs pods, too, takes the cluster-wide turn.
      ...(pool !== undefined &&
        !roles.includes("control-plane") && { POOL: pool, MAX_UNAVAILABLE: String(cluster.pools[pool]?.maxUnavailable ?? 1) }),
    },
    birth: isNew ? { MADE_WITH_IT: "yes" } : {},
  };
}
