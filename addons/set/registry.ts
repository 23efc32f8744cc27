import type { Cluster } from "../../config/schema.ts";
import { certManager } from "./cert-manager.ts";
import { nginx } from "./ingress/nginx.ts";
import { gatewayApi, traefik } from "./ingress/traefik.ts";
import { localPath } from "./local-path.ts";
import { metallb } from "./metallb.ts";
import { metricsServer } from "./metrics-server.ts";
import { chosen, type SetAddon } from "./set-addon.ts";

/** The set of add-ons. A new one needs one entry here. */
export const setAddons: readonly SetAddon[] = [localPath, metricsServer, metallb, gatewayApi, traefik, nginx, certManager];

/** Those that a cluster has. */
export const setAddonsOf = (cluster: Cluster): SetAddon[] => chosen(setAddons, cluster);
