import { type NodeSettings, type NodesConfig, nodeSettings } from "../config/node-settings.ts";
import { joinsAsWorker } from "../config/roles.ts";

// What a host's Node is to say of itself, in words for scripts.

/** Labels as the scripts read them: `key=value`, with blanks between, in a fixed order. */
export const labelWords = ({ labels }: Pick<NodeSettings, "labels">): string =>
  Object.entries(labels)
    .sort()
    .map(([key, value]) => `${key}=${value}`)
    .join(" ");

/** Taints as kubectl writes them, `key=value:effect`, in a fixed order. */
export const taintWords = ({ taints }: Pick<NodeSettings, "taints">): string[] =>
  taints.map(({ key, value, effect }) => `${key}${value === "" ? "" : `=${value}`}:${effect}`).sort();

/** Annotations as the scripts read them: JSON, and the keys alone. The settings are left out where there are none. */
export function annotationSettings({ annotations }: Pick<NodeSettings, "annotations">): Record<string, string> {
  const entries = Object.entries(annotations).sort();
  if (entries.length === 0) return {};
  return {
    ANNOTATIONS: JSON.stringify(Object.fromEntries(entries)),
    ANNOTATION_KEYS: entries.map(([key]) => key).join(" "),
  };
}

/**
 * The taints of workers: of every pool, each as `pool>key=value:effect`, and of every worker with taints of its own, as
 * `node.name>key=value:effect`, its pool's included. What has none adds nothing.
 */
export function workersTaints(cluster: NodesConfig): string[] {
  const pools = Object.entries(cluster.pools).map(([name, { taints }]) => [name, { taints }] as const);
  const hosts = Object.entries(cluster.hosts)
    .filter(([, { roles, taints, lost }]) => joinsAsWorker(roles) && taints.length > 0 && !lost)
    .map(([name]) => [`node.${name}`, nodeSettings(cluster, name)] as const);
  return [...pools, ...hosts].flatMap(([of, settings]) => taintWords(settings).map((taint) => `${of}>${taint}`)).sort();
}
