import { isDeepStrictEqual } from "node:util";
import { didYouMean, oneProblem, type Problem, shown } from "../problems.ts";
import { kubeProxySchema } from "../schema/kube-proxy.ts";
import type { Cluster } from "../schema.ts";
import { isMapping } from "../shape.ts";
import { hurtfulFields } from "./kubelet-fields.ts";
import { kubeletFields, kubeProxyFields } from "./node-fields.ts";
import { at, type Rule } from "./rule.ts";

// Settings of every node's kubelet and kube-proxy.

const nothing = "nothing here, because this program sets it";
const set = (path: string) => `nothing here: cluster.${path} sets it`;

/** Fields of the kubelet that a key of the config or the program itself sets. */
const kubeletOwn: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    `apiVersion kind address authentication authorization cgroupDriver clusterDNS containerRuntimeEndpoint enableServer failCgroupV1
    failSwapOn podCIDR port providerID registerNode registerWithTaints resolvConf rotateCertificates staticPodPath`
      .split(/\s+/)
      .map((name) => [name, nothing]),
  ),
  clusterDomain: set("network.dnsDomain"),
  containerLogMaxFiles: set("kubelet.containerLogMaxFiles"),
  containerLogMaxSize: set("kubelet.containerLogMaxMebibytes"),
  cpuManagerPolicy: set("kubelet.cpuManagerPolicy"),
  evictionHard: set("kubelet.evictionHard"),
  evictionSoft: set("kubelet.evictionSoft"),
  evictionSoftGracePeriod: set("kubelet.evictionSoftGracePeriod"),
  featureGates: set("featureGates"),
  imageGCHighThresholdPercent: set("kubelet.imageGcHighThresholdPercent"),
  imageGCLowThresholdPercent: set("kubelet.imageGcLowThresholdPercent"),
  kubeReserved: set("kubelet.kubeReserved"),
  maxParallelImagePulls: set("kubelet.maxParallelImagePulls"),
  maxPods: set("kubelet.maxPods"),
  memoryManagerPolicy: set("kubelet.memoryManagerPolicy"),
  podPidsLimit: set("kubelet.podPidsLimit"),
  registryBurst: set("kubelet.registryBurst"),
  registryPullQPS: set("kubelet.registryPullQps"),
  shutdownGracePeriod: set("kubelet.shutdownGracePeriodSeconds"),
  shutdownGracePeriodCriticalPods: set("kubelet.shutdownGracePeriodCriticalPodsSeconds"),
  systemReserved: set("kubelet.systemReserved"),
  topologyManagerPolicy: set("kubelet.topologyManagerPolicy"),
};

/** Those of kube-proxy; of mappings the fields in them, after a dot. */
const kubeProxyOwn: Readonly<Record<string, string>> = {
  apiVersion: nothing,
  kind: nothing,
  hostnameOverride: nothing,
  "clientConnection.kubeconfig": nothing,
  clusterCIDR: set("network.podCidr"),
  "conntrack.maxPerCore": set("kubeProxy.conntrackMaxPerCore"),
  "conntrack.min": set("kubeProxy.conntrackMin"),
  featureGates: set("featureGates"),
  "ipvs.scheduler": set("network.ipvs.scheduler"),
  "ipvs.strictARP": set("network.ipvs.strictArp"),
  mode: set("network.kubeProxyMode"),
  nodePortAddresses: set("network.nodePortAddresses"),
};

/** Names of fields, and of those of mappings in them. */
const fieldsOf = (config: Readonly<Record<string, unknown>> = {}) =>
  Object.entries(config).flatMap(([name, value]) => [
    name,
    ...(isMapping(value) ? Object.keys(value).map((inner) => `${name}.${inner}`) : []),
  ]);

const ownFields: Rule = {
  says: "`kubelet.extraConfig` and `kubeProxy.extraConfig` leave out fields that this program or a key of the config sets.",
  check({ kubelet, kubeProxy }) {
    const refuse = (
      section: string,
      config: Readonly<Record<string, unknown>> | undefined,
      own: Readonly<Record<string, string>>,
    ) =>
      fieldsOf(config).flatMap((name): Problem[] => {
        const allowed = Object.hasOwn(own, name) ? own[name] : undefined;
        if (allowed === undefined) return [];
        return oneProblem(at(section, "extraConfig", ...name.split(".")), "is a field that is taken", allowed);
      });
    return [...refuse("kubelet", kubelet.extraConfig, kubeletOwn), ...refuse("kubeProxy", kubeProxy.extraConfig, kubeProxyOwn)];
  },
};

const noProxy: Rule = {
  says: "With `network.kubeProxyMode: none`, nothing is said of `kubeProxy`.",
  check: ({ kubeProxy, network }) =>
    network.kubeProxyMode !== "none" || isDeepStrictEqual(kubeProxy, kubeProxySchema.parse(undefined))
      ? []
      : oneProblem(at("kubeProxy"), "is not used", "nothing while cluster.network.kubeProxyMode is none"),
};

/** Whether an amount of processors is more than none. */
const isSome = (cpu: string | undefined) => cpu !== undefined && Number.parseFloat(cpu) > 0;

const managers: Rule = {
  says: "`kubelet.cpuManagerPolicy: static` has reserved processors, and `memoryManagerPolicy: Static` has `reservedMemory` in `extraConfig`, as the kubelet demands.",
  check({ kubelet }) {
    const { cpuManagerPolicy, memoryManagerPolicy, systemReserved, kubeReserved, reserveBySize, extraConfig = {} } = kubelet;
    const hasCpu =
      reserveBySize || isSome(systemReserved.cpu) || isSome(kubeReserved.cpu) || Object.hasOwn(extraConfig, "reservedSystemCPUs");
    const word = (key: string, found: string, allowed: string) => oneProblem(at("kubelet", key), found, allowed);
    return [
      ...(cpuManagerPolicy === "static" && !hasCpu
        ? word(
            "cpuManagerPolicy",
            "is static, and no processor is reserved",
            "static with systemReserved.cpu, kubeReserved.cpu, reserveBySize, or extraConfig.reservedSystemCPUs",
          )
        : []),
      ...(memoryManagerPolicy === "Static" && !Object.hasOwn(extraConfig, "reservedMemory")
        ? word(
            "memoryManagerPolicy",
            "is Static, and no NUMA node's memory is reserved",
            "Static with extraConfig.reservedMemory",
          )
        : []),
    ];
  },
};

const thresholds: Rule = {
  says: "Each signal of `kubelet.evictionSoft` has a period in `evictionSoftGracePeriod`, and no other one has; images are deleted down to less than where that begins; critical pods get at most the whole time of a shutdown.",
  check({ kubelet }) {
    const {
      evictionSoft,
      evictionSoftGracePeriod,
      imageGcHighThresholdPercent: high = 85,
      imageGcLowThresholdPercent: low = 80,
    } = kubelet;
    const { shutdownGracePeriodSeconds: all, shutdownGracePeriodCriticalPodsSeconds: critical } = kubelet;
    const soft = Object.keys(evictionSoft);
    const periods = Object.keys(evictionSoftGracePeriod);
    return [
      ...soft
        .filter((signal) => !periods.includes(signal))
        .flatMap((signal) =>
          oneProblem(at("kubelet", "evictionSoft", signal), "has no period", "one in cluster.kubelet.evictionSoftGracePeriod"),
        ),
      ...periods
        .filter((signal) => !soft.includes(signal))
        .flatMap((signal) =>
          oneProblem(at("kubelet", "evictionSoftGracePeriod", signal), "has no threshold", "one in cluster.kubelet.evictionSoft"),
        ),
      ...(low >= high
        ? oneProblem(at("kubelet", "imageGcLowThresholdPercent"), `is ${low}`, `less than imageGcHighThresholdPercent, ${high}`)
        : []),
      ...(critical > all
        ? oneProblem(
            at("kubelet", "shutdownGracePeriodCriticalPodsSeconds"),
            `is ${critical}`,
            `at most shutdownGracePeriodSeconds, ${all}`,
          )
        : []),
    ];
  },
};

/** Rules about the settings of kubelet and kube-proxy. */
export const nodeSettingRules: readonly Rule[] = [ownFields, hurtfulFields, noProxy, managers, thresholds];

const unknownFields = (section: "kubelet" | "kubeProxy", cluster: Cluster, known: readonly string[]): Problem[] =>
  Object.entries(cluster[section].extraConfig ?? {})
    .filter(([name]) => !known.includes(name))
    .map(([name, value]) => {
      const meant = didYouMean(name, known);
      return {
        key: at(section, "extraConfig", name),
        found: `is ${shown(value)}, and no field that is known here${meant === undefined ? "" : `; did you mean ${meant}?`}`,
        allowed: "a field of this release, which passes over another",
      };
    });

/** A field that may be mistyped. */
export const unknownField: Rule = {
  says: "`kubelet.extraConfig` or `kubeProxy.extraConfig` has a field that is not known here: the program passes over one that it does not know.",
  check: (cluster) => [
    ...unknownFields("kubelet", cluster, kubeletFields),
    ...unknownFields("kubeProxy", cluster, kubeProxyFields),
  ],
};
