import { oneProblem, type Problem, shown } from "../problems.ts";
import { at, type Rule } from "./rule.ts";

// Labels and taints of pools.

/** Prefixes and names within kubernetes.io and k8s.io that the kubelet may give its own Node (k8s.io/kubelet/pkg/apis/well_known_labels.go). */
const kubeletLabel = /^((([a-z0-9.-]+\.)?(kubelet|node)\.kubernetes\.io)\/|topology\.kubernetes\.io\/(region|zone)$)/;
/** What each kubelet says of its own host, and puts back at its next start. */
const ofHost = /^(beta\.)?kubernetes\.io\/(arch|os|hostname)$/;
const kubernetesLabel = /^([a-z0-9.-]+\.)?(kubernetes|k8s)\.io\//;

/** Why a label can't be a pool's, or undefined. `truths`: what the pool's kubelets say of their hosts. */
function notPools(label: string, value: string, truths: Readonly<Record<string, string | undefined>>): string | undefined {
  if (label === "ha-kubernetes/pool") return "nothing here, because this program sets it to the pool's name";
  if (truths[label] === value) return undefined;
  if (ofHost.test(label)) return "nothing here, because each kubelet sets it to what its host is";
  if (!kubernetesLabel.test(label) || kubeletLabel.test(label)) return undefined;
  return "a key outside kubernetes.io and k8s.io, or one below node.kubernetes.io or kubelet.kubernetes.io";
}

const poolLabels: Rule = {
  says: "Pool labels are none that a kubelet refuses to give its own Node or sets itself, and not the pool's own label.",
  check: ({ pools, hosts }) =>
    Object.entries(pools).flatMap(([name, { labels }]) =>
      Object.entries(labels).flatMap(([label, value]): Problem[] => {
        const architectures = new Set(
          label === "kubernetes.io/arch" ? Object.values(hosts).flatMap((it) => (it.pool === name ? it.architecture : [])) : [],
        );
        const [architecture] = architectures.size === 1 ? architectures : [];
        const allowed = notPools(label, value, { "kubernetes.io/os": "linux", "kubernetes.io/arch": architecture });
        return allowed === undefined ? [] : oneProblem(at("pools", name, "labels", label), "is reserved", allowed);
      }),
    ),
};

/** Taints that controllers set and take away by what a Node reports (k8s.io/api/core/v1/well_known_taints.go). */
const controllersTaint =
  /^node\.kubernetes\.io\/(disk-pressure|memory-pressure|network-unavailable|not-ready|out-of-service|pid-pressure|unreachable|unschedulable)$|^node\.cloudprovider\.kubernetes\.io\//;

const poolTaints: Rule = {
  says: "A pool has each taint once, by key and effect, and none that Kubernetes' controllers set and take away.",
  check: ({ pools }) =>
    Object.entries(pools).flatMap(([name, { taints }]) =>
      taints.flatMap(({ key, effect }, index): Problem[] => {
        const path = at("pools", name, "taints", index);
        if (controllersTaint.test(key))
          return oneProblem(`${path}.key`, `is ${shown(key)}`, "a key that Kubernetes' controllers don't use");
        const first = taints.findIndex((taint) => taint.key === key && taint.effect === effect);
        if (first === index) return [];
        const allowed = "each key and effect once: with two of them no Node registers";
        return oneProblem(path, `is ${key}:${effect}, as is ${at("pools", name, "taints", first)}`, allowed);
      }),
    ),
};

/** Rules about labels and taints. */
export const labelRules: readonly Rule[] = [poolLabels, poolTaints];
