import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cacheFolder, defaultBundle, isWhole, readManifest as readBundle, sha256Of } from "../../artifacts/bundle-manifest.ts";
import type { Versions } from "../../artifacts/lock.ts";
import { type LockedManifest, lockedManifest } from "../../artifacts/manifests.ts";
import { downloadPinned } from "../../artifacts/official.ts";
import type { Problem } from "../../config/problems.ts";
import type { Cluster } from "../../config/schema.ts";
import type { KubernetesObject } from "../addon.ts";
import { readManifest } from "../custom/read.ts";
import { addonLock } from "../lock.ts";

// What projects publish as files of objects, such as kinds of their own: hundreds of kilobytes that this repository does not hold.

/**
 * The objects of a published manifest in the version that goes with a cluster: from a bundle on this machine, else from its project's
 * own file, which is fetched once. Or the problem, at the key that asks for it.
 */
export async function publishedObjects(
  name: string,
  cluster: Pick<Cluster, "artifacts" | "kubernetesVersion">,
  versions: Versions,
  key: string,
): Promise<{ objects: KubernetesObject[] } | { problem: Problem }> {
  const locked = lockedManifest(name, versions, addonLock);
  const problem = (found: string): { problem: Problem } => ({
    problem: {
      key,
      found,
      allowed: `${locked.file} in a bundle on this machine, or at ${locked.url}`,
      cure: `npm run bundle -- --kubernetes-version ${cluster.kubernetesVersion} --lock ${addonLock.path}#${name}`,
    },
  });
  let path: string | undefined;
  try {
    path = (await inBundle(locked, cluster)) ?? (await fetched(locked));
  } catch (error) {
    return problem(`needs the manifest ${name} ${locked.version}: ${(error as Error).message}`);
  }
  if (path === undefined)
    return problem(`needs the manifest ${name} ${locked.version}, which is in no bundle here and has no known SHA-256`);
  const read = readManifest(readFileSync(path, "utf8"));
  if ("fault" in read) return problem(`needs the manifest ${name} ${locked.version}, and ${path} can't be read: ${read.fault}`);
  const taken = read.objects.filter(({ kind }) => locked.kinds?.includes(kind) ?? true);
  return { objects: taken.map(withoutDescriptions) };
}

async function inBundle({ file }: LockedManifest, { artifacts }: Pick<Cluster, "artifacts">): Promise<string | undefined> {
  const own = artifacts.manifest === undefined ? [] : [dirname(artifacts.manifest)];
  for (const folder of [...own, defaultBundle()]) {
    if (await isWhole(folder, file, readBundle(folder).files[file])) return join(folder, file);
  }
  return undefined;
}

async function fetched(locked: LockedManifest): Promise<string | undefined> {
  if (locked.sha256 === "unknown") return undefined;
  const folder = join(cacheFolder(), "manifests");
  const kept = join(folder, `${locked.sha256}.yaml`);
  if ((await sha256Of(kept).catch(() => undefined)) === locked.sha256) return kept;
  await mkdir(folder, { recursive: true });
  await downloadPinned(locked, locked.sha256, kept);
  return kept;
}

/** Kinds without the texts about their fields, which are most of them and which `kubectl explain` shows. */
export function withoutDescriptions(object: KubernetesObject): KubernetesObject {
  return object.kind === "CustomResourceDefinition" ? (stripped(object) as KubernetesObject) : object;
}

/** What may hold a description of the user's own. */
const values = ["default", "enum", "example"];

/** `byName`: the keys are names of fields. */
function stripped(value: unknown, byName = false): unknown {
  if (Array.isArray(value)) return value.map((one) => stripped(one));
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => byName || key !== "description");
  return Object.fromEntries(
    kept.map(([key, inner]) => [key, !byName && values.includes(key) ? inner : stripped(inner, !byName && key === "properties")]),
  );
}
