import { resolveVersions } from "../artifacts/lock.ts";
import type { Cluster } from "../config/schema.ts";
import { addonLock } from "./lock.ts";
import { everyAddonOf } from "./registry.ts";
import { setAddonsOf } from "./set/registry.ts";

/** What `npm run bundle` needs besides for the add-ons that this config turns on, and for images of the user's own. */
export function bundleOptions(cluster: Cluster): string[] {
  const { versions } = resolveVersions(cluster);
  const images = everyAddonOf(cluster).flatMap((addon) => Object.values(addon.images(versions)).map(({ name }) => name));
  const manifests = setAddonsOf(cluster).flatMap((addon) => addon.manifests ?? []);
  const locked = images.filter((name) => Object.hasOwn(addonLock.images, name));
  const chosen = [...new Set([...locked, ...manifests])].sort();
  return [
    ...(chosen.length === 0 ? [] : [`--lock ${addonLock.path}#${chosen.join(",")}`]),
    ...cluster.artifacts.extraImages.map((image) => `--image ${image}`),
  ];
}
