import type { Cluster } from "./schema.ts";

// The storage classes that this program makes, whichever add-on they are of.

/** A class by its name, and the key of the config that makes it. */
export interface ConfiguredClass {
  name: string;
  /** The key's path below `cluster`. */
  key: readonly string[];
  /** Whether the config says that claims without a class get it. */
  isDefault: boolean;
}

/** The classes that the config asks for. EBS has one, too, where the provider has EBS: `gp3`. */
export function classesOf({ addons }: Pick<Cluster, "addons">): ConfiguredClass[] {
  const { localPath, nfs, rookCeph } = addons;
  const ofNfs = Object.entries(nfs?.classes ?? {}).map(([name, { default: isDefault }]) => ({
    ...{ name, isDefault },
    key: ["addons", "nfs", "classes", name],
  }));
  const ofCeph =
    rookCeph === undefined ? [] : [{ name: rookCeph.className, isDefault: rookCeph.default, key: ["addons", "rookCeph"] }];
  const local = localPath.enabled ? [{ name: "local-path", isDefault: localPath.default, key: ["addons", "localPath"] }] : [];
  return [...ofNfs, ...ofCeph, ...local];
}

/** Whether the config names the class of claims that name none. Where it does not, a provider's own class is it. */
export const namesDefaultClass = (cluster: Pick<Cluster, "addons">): boolean =>
  classesOf(cluster).some(({ isDefault }) => isDefault);
