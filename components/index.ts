// The package: what another Pulumi program imports as "ha-kubernetes". See docs/components.md.

export type { Addon } from "../addons/addon.ts";
export { resolveVersions, type Versions } from "../artifacts/lock.ts";
export type { Recorded } from "../config/record.ts";
export type { Cluster } from "../config/schema.ts";
export type { BackupBucket } from "../hosts/tools/etcd/backup.ts";
export { refuseMissingArtifacts } from "../providers/artifacts.ts";
export type { ArtifactSource, Connection, Host, Infrastructure, ProviderArgs, ScaledPool } from "../providers/contract.ts";
export { createInfrastructure } from "../providers/index.ts";
export { Addons, type AddonsArgs } from "./addons.ts";
export { ApiLoadBalancer, type ApiLoadBalancerArgs } from "./api-load-balancer.ts";
export { ClusterPart } from "./cluster-part.ts";
export { type Authority, ClusterPki, type ClusterPkiArgs, type Leaf, type LeafArgs } from "./cluster-pki.ts";
export { ControlPlane, type ControlPlaneArgs } from "./control-plane.ts";
export { CustomAddons, type CustomAddonsArgs, customAddons } from "./custom-addons.ts";
export { type ClusterConfig, defineCluster } from "./define-cluster.ts";
export { EtcdCluster, type EtcdClusterArgs } from "./etcd-cluster.ts";
export { type History, readHistory, recordedAfter } from "./history.ts";
export type { HostCommand } from "./host-command.ts";
export { HostPreparation, type HostPreparationArgs } from "./host-preparation.ts";
export { Leaving, type LeavingArgs } from "./leaving.ts";
export { Maintenance, type MaintenanceArgs } from "./maintenance.ts";
export { NodesReady, type NodesReadyArgs } from "./nodes-ready.ts";
export { adminKubeconfig, certificateExpiry, endpointUrl } from "./outputs.ts";
export { WorkerPool, type WorkerPoolArgs } from "./worker-pool.ts";
