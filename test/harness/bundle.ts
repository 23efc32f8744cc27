import { homedir } from "node:os";
import { join } from "node:path";
import { must } from "./process.ts";

const root = new URL("../../", import.meta.url).pathname;

/** This machine's bundle, which hosts of every lab see. */
export const bundleManifest = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "ha-kubernetes/bundle/manifest.json");

/** Fills this machine's bundle as `npm run bundle --lock` does, with the images and manifests of these locks. Files that exist take no time. */
export async function fillBundle(kubernetesVersion: unknown, locks: readonly string[] = []): Promise<void> {
  const words = ["--kubernetes-version", String(kubernetesVersion), ...locks.flatMap((lock) => ["--lock", lock])];
  await must(process.execPath, ["artifacts/make-bundle.ts", ...words], { cwd: root });
}
