import type { Cluster } from "../../config/schema.ts";
import { certManager } from "./cert-manager.ts";
import { headlamp } from "./headlamp.ts";
import { nginx } from "./ingress/nginx.ts";
import { gatewayApi, traefik } from "./ingress/traefik.ts";
import { localPath } from "./local-path.ts";
import { metallb } from "./metallb.ts";
import { metricsServer } from "./metrics-server.ts";
import { grafana } from "./monitoring/grafana.ts";
import { kubeStateMetrics } from "./monitoring/kube-state-metrics.ts";
import { monitoring } from "./monitoring/monitoring.ts";
import { nfs, nfsVolumes } from "./nfs/nfs.ts";
import { nodeLocalDns } from "./node-local-dns.ts";
import { nodeProblemDetector } from "./node-problem-detector.ts";
import { rookCeph } from "./rook-ceph/rook-ceph.ts";
import { chosen, type SetAddon } from "./set-addon.ts";
import { snapshots } from "./snapshots.ts";

/** The set of add-ons. A new one needs one entry here. */
export const setAddons: readonly SetAddon[] = [
  snapshots,
  nfs,
  nfsVolumes,
  rookCeph,
  nodeLocalDns,
  nodeProblemDetector,
  headlamp,
  metallb,
  gatewayApi,
  traefik,
  nginx,
  certManager,
  monitoring,
  kubeStateMetrics,
  grafana,
  metricsServer,
  localPath,
];

/** Those that a cluster has. */
export const setAddonsOf = (cluster: Cluster): SetAddon[] => chosen(setAddons, cluster);
