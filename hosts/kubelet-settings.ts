import type { Cluster } from "../config/schema.ts";

// What a config says of every kubelet, as fields of a KubeletConfiguration. A key with its default leaves no field here.

type Fields = Record<string, unknown>;

const filled = (map: Readonly<Record<string, unknown>>): Fields | undefined => (Object.keys(map).length > 0 ? map : undefined);
const unless = <T>(value: T, standard: T): T | undefined => (value === standard ? undefined : value);

/** The fields of keys that the program itself says nothing about. Undefined ones are not written. */
export function kubeletSettings({ featureGates, kubelet }: Pick<Cluster, "featureGates" | "kubelet">): Fields {
  const { maxParallelImagePulls } = kubelet;
  return {
    cpuManagerPolicy: unless(kubelet.cpuManagerPolicy, "none"),
    evictionHard: filled(kubelet.evictionHard),
    evictionSoft: filled(kubelet.evictionSoft),
    evictionSoftGracePeriod: filled(kubelet.evictionSoftGracePeriod),
    // Else a signal that is not named would have no threshold at all.
    mergeDefaultEvictionSettings: filled(kubelet.evictionHard) && true,
    featureGates: filled(featureGates),
    imageGCHighThresholdPercent: kubelet.imageGcHighThresholdPercent,
    imageGCLowThresholdPercent: kubelet.imageGcLowThresholdPercent,
    kubeReserved: filled(kubelet.kubeReserved),
    maxParallelImagePulls,
    memoryManagerPolicy: unless(kubelet.memoryManagerPolicy, "None"),
    podPidsLimit: kubelet.podPidsLimit,
    registryBurst: kubelet.registryBurst,
    registryPullQPS: kubelet.registryPullQps,
    topologyManagerPolicy: unless(kubelet.topologyManagerPolicy, "none"),
    ...kubelet.extraConfig,
  };
}
