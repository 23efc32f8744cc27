import { oneProblem, shown } from "../problems.ts";
import type { Cluster } from "../schema.ts";
import { goDuration, goMilliseconds } from "./go-arguments.ts";
import { at, type Rule } from "./rule.ts";

// Fields of the kubelet and kube-proxy with which they don't start, or with which the cluster is hurt (k8s.io/kubernetes'
// pkg/kubelet/apis/config/validation and the program's own settings).

type Fields = Readonly<Record<string, unknown>>;
interface Field {
  allowed: string;
  refuses(value: unknown, all: Fields, cluster: Cluster): boolean;
}

const given = (value: unknown) => value !== undefined;
const isOn = (value: unknown) => value !== false && value !== undefined;
const notWhole = (value: unknown) => given(value) && !Number.isInteger(value);
const notOnOff = (value: unknown) => given(value) && typeof value !== "boolean";
const notDuration = (value: unknown) => given(value) && !(typeof value === "string" && goDuration(value));
const named = (names: string, field: Field) => names.split(/\s+/).map((name): [string, Field] => [name, field]);

/** Milliseconds without a word of its kubelet after which a Node is not Ready; kube-controller-manager's own default is 50 s since 1.32. */
const gracePeriod = ({ controllerManager: { nodeMonitorGracePeriodSeconds, extraArgs } }: Cluster) =>
  nodeMonitorGracePeriodSeconds === undefined
    ? (goMilliseconds(extraArgs["node-monitor-grace-period"] ?? "50s") ?? 50_000)
    : nodeMonitorGracePeriodSeconds * 1000;

const kubelet: readonly [string, Field][] = [
  [
    "nodeLeaseDurationSeconds",
    {
      // The kubelet renews it after a quarter of that time: one renewal may fail.
      allowed:
        "a whole number above 0, and at most twice cluster.controllerManager.nodeMonitorGracePeriodSeconds: the kubelet renews it after a quarter of that time, and a Node without a renewal is taken for lost",
      refuses: (value, _, cluster) => notWhole(value) || Number(value) <= 0 || Number(value) * 1000 > 2 * gracePeriod(cluster),
    },
  ],
  [
    "shutdownGracePeriodByPodPriority",
    { allowed: "nothing: the kubelet takes it or shutdownGracePeriod, which this program sets", refuses: given },
  ],
  [
    "serializeImagePulls",
    {
      allowed: "false, or no cluster.kubelet.maxParallelImagePulls above 1",
      refuses: (value, _, { kubelet }) => value === true && (kubelet.maxParallelImagePulls ?? 0) > 1,
    },
  ],
  [
    "enforceNodeAllocatable",
    {
      allowed:
        "a list without system-reserved and kube-reserved, unless systemReservedCgroup and kubeReservedCgroup name their groups",
      refuses: (value, all) =>
        given(value) &&
        (!Array.isArray(value) ||
          (value.includes("system-reserved") && !given(all.systemReservedCgroup)) ||
          (value.includes("kube-reserved") && !given(all.kubeReservedCgroup))),
    },
  ],
  [
    "readOnlyPort",
    { allowed: "0: anyone who reaches that port reads every pod of the node", refuses: (value) => given(value) && value !== 0 },
  ],
  [
    "serverTLSBootstrap",
    { allowed: "false: addons.metricsServer has kubelets ask for certificates, and control planes approve them", refuses: isOn },
  ],
  ["runOnce", { allowed: "false: a kubelet that runs once ends", refuses: isOn }],
  ...named("tlsCertFile tlsPrivateKeyFile", {
    allowed: "nothing here, because this program gives kubelets their certificates",
    refuses: given,
  }),
  ...named(
    "eventBurst iptablesDropBit iptablesMasqueradeBit kubeAPIBurst kubeAPIQPS maxOpenFiles nodeStatusMaxImages oomScoreAdj podsPerCore",
    { allowed: "a whole number", refuses: notWhole },
  ),
  ...named(
    "cpuCFSQuota enableDebuggingHandlers enableProfilingHandler enableSystemLogHandler localStorageCapacityIsolation protectKernelDefaults seccompDefault",
    { allowed: "true or false", refuses: notOnOff },
  ),
  ...named(
    "cpuCFSQuotaPeriod fileCheckFrequency nodeStatusReportFrequency runtimeRequestTimeout streamingConnectionIdleTimeout syncFrequency",
    {
      allowed: "a duration such as 90s, 5m or 1h30m",
      refuses: notDuration,
    },
  ),
  [
    "nodeStatusUpdateFrequency",
    {
      allowed: "a duration such as 10s, and less than half of cluster.controllerManager.nodeMonitorGracePeriodSeconds",
      refuses: (value, _, cluster) => notDuration(value) || (goMilliseconds(String(value)) ?? 0) * 2 >= gracePeriod(cluster),
    },
  ],
];

/** Ports that something else of a node has: the kubelet's, flanneld's and the control plane's. */
const ofOthers = /:(10250|10248|10257|10259|6443|2379|2380|2381|2383)$/;
const kubeProxy: readonly [string, Field][] = [
  ...named("metricsBindAddress healthzBindAddress", {
    allowed: "an address with a port that nothing else has, such as 0.0.0.0:10249",
    refuses: (value) => given(value) && (typeof value !== "string" || ofOthers.test(value)),
  }),
];

/** Rules about single fields of `extraConfig`. */
export const hurtfulFields: Rule = {
  says: "`kubelet.extraConfig` and `kubeProxy.extraConfig` have no field with which the program does not start beside the fields of this program, no number, truth value or duration of another kind, and none that opens or ends a node's kubelet.",
  check(cluster) {
    const wrong = (section: "kubelet" | "kubeProxy", fields: readonly [string, Field][]) => {
      const all: Fields = cluster[section].extraConfig ?? {};
      return fields
        .filter(([name, { refuses }]) => Object.hasOwn(all, name) && refuses(all[name], all, cluster))
        .flatMap(([name, { allowed }]) => oneProblem(at(section, "extraConfig", name), `is ${shown(all[name])}`, allowed));
    };
    return [...wrong("kubelet", kubelet), ...wrong("kubeProxy", kubeProxy)];
  },
};
