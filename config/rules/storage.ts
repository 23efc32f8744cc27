import { oneProblem, shown } from "../problems.ts";
import type { Cluster } from "../schema.ts";
import { within } from "./paths.ts";
import { at, type Rule } from "./rule.ts";

// Classes of volumes that add-ons bring.

/** The keys of add-ons that are on and whose class is to be the default one. An add-on with a class needs one entry here. */
export const defaultClasses = ({ addons, traits }: Pick<Cluster, "addons" | "traits">): readonly string[] => [
  ...(addons.ebsCsi && traits.ownsVolumes ? ["ebsCsi"] : []),
  ...(addons.localPath.enabled && addons.localPath.default ? ["localPath"] : []),
];

const oneDefault: Rule = {
  says: "Of the add-ons that bring a StorageClass, one alone has the default one (`default: true`).",
  check(cluster) {
    const [first, ...others] = defaultClasses(cluster);
    return others.flatMap((key) =>
      oneProblem(
        at("addons", key),
        `has the default StorageClass, and so does addons.${first}`,
        "one default class in a cluster",
        `set default: false for one of them`,
      ),
    );
  },
};

/** What a pod that fills or empties a volume must not reach. */
const taken = ["/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/root", "/run", "/sbin", "/sys", "/tmp", "/usr"];
const ofThisProgram = ["/opt/ha-kubernetes", "/opt/cni", "/var/cache/ha-kubernetes", "/var/lib/ha-kubernetes"];
const ofKubernetes = ["/var/lib/cni", "/var/lib/containerd", "/var/lib/kubelet", "/var/log"];

const localPlace: Rule = {
  says: "`addons.localPath.path` is a folder for volumes alone: not the system's, Kubernetes' or etcd's, and not above one of those.",
  check({ addons: { localPath }, etcd }) {
    if (!localPath.enabled) return [];
    const { path } = localPath;
    const others = [...taken, ...ofThisProgram, ...ofKubernetes, etcd.dataDirectory, etcd.backup.directory];
    const other = others.find((dir) => within(path, dir) || within(dir, path));
    if (other === undefined) return [];
    const found = `is ${shown(path)}, and ${other} has other things in it`;
    return oneProblem(at("addons", "localPath", "path"), found, "a folder for volumes alone, such as /var/lib/local-path");
  },
};

/** Rules about add-ons that bring volumes. */
export const storageRules: readonly Rule[] = [oneDefault, localPlace];
