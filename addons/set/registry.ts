import type { Cluster } from "../../config/schema.ts";
import { monitoring } from "./monitoring/monitoring.ts";
import { chosen, type SetAddon } from "./set-addon.ts";

/** The set of add-ons. A new one needs one entry here. */
export const setAddons: readonly SetAddon[] = [monitoring];

/** Those that a cluster has. */
export const setAddonsOf = (cluster: Cluster): SetAddon[] => chosen(setAddons, cluster);
