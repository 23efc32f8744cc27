import { resolveVersions } from "../artifacts/lock.ts";
import type { Cluster } from "../config/schema.ts";
import { addonLock } from "./lock.ts";
import { addonsOf } from "./registry.ts";

/** What `npm run bundle` needs besides for the add-ons that this config turns on: `--lock FILE#IMAGE,...`, or nothing. */
export function lockOption(cluster: Cluster): string[] {
  const { versions } = resolveVersions(cluster);
  const images = addonsOf(cluster).flatMap((addon) => Object.values(addon.images(versions)).map(({ name }) => name));
  const chosen = images.filter((name) => Object.hasOwn(addonLock.images, name)).sort();
  return chosen.length === 0 ? [] : [`--lock ${addonLock.path}#${chosen.join(",")}`];
}
