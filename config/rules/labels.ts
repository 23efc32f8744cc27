import type { Taint } from "../node-settings.ts";
import { oneProblem, type Problem, shown } from "../problems.ts";
import { isNode } from "../roles.ts";
import type { Cluster } from "../schema.ts";
import { at, eachHost, type Rule } from "./rule.ts";

// Labels, taints and annotations of pools and hosts.

/** Prefixes and names within kubernetes.io and k8s.io that the kubelet may give its own Node (k8s.io/kubelet/pkg/apis/well_known_labels.go). */
const kubeletLabel = /^((([a-z0-9.-]+\.)?(kubelet|node)\.kubernetes\.io)\/|topology\.kubernetes\.io\/(region|zone)$)/;
/** What each kubelet says of its own host, and puts back at its next start. */
const ofHost = /^(beta\.)?kubernetes\.io\/(arch|os|hostname)$/;
const kubernetesLabel = /^([a-z0-9.-]+\.)?(kubernetes|k8s)\.io\//;
/** What kubeadm gives each control plane, by its roles. */
const ofKubeadm = /^node-role\.kubernetes\.io\/control-plane$|^node\.kubernetes\.io\/exclude-from-external-load-balancers$/;

/** Why a label can't be given, or undefined. `truths`: what the kubelets say of their hosts. */
function notGiven(label: string, value: string, truths: Readonly<Record<string, string | undefined>>): string | undefined {
  if (label === "ha-kubernetes/pool") return "nothing here, because this program sets it to the pool's name";
  if (truths[label] === value) return undefined;
  if (ofHost.test(label)) return "nothing here, because each kubelet sets it to what its host is";
  if (!kubernetesLabel.test(label) || kubeletLabel.test(label)) return undefined;
  return "a key outside kubernetes.io and k8s.io, or one below node.kubernetes.io or kubelet.kubernetes.io: a worker gives itself its labels, and the admission plugin NodeRestriction lets it take no other";
}

/** How a label gets on a worker that may not give it to itself; undefined where its kubelet or this program sets it. */
function byHand(label: string, value: string, node: string): string | undefined {
  if (label === "ha-kubernetes/pool" || ofHost.test(label)) return undefined;
  return `kubectl label node ${node} ${label}=${value}, once the Node is there: labels that others give stay`;
}

const poolLabels: Rule = {
  says: "Labels of pools and workers are none that a kubelet refuses to give its own Node or sets itself, and not the pool's own label.",
  check: ({ pools, hosts }) => [
    ...Object.entries(pools).flatMap(([name, { labels }]) =>
      Object.entries(labels).flatMap(([label, value]): Problem[] => {
        const architectures = new Set(
          label === "kubernetes.io/arch" ? Object.values(hosts).flatMap((it) => (it.pool === name ? it.architecture : [])) : [],
        );
        const [architecture] = architectures.size === 1 ? architectures : [];
        const allowed = notGiven(label, value, { "kubernetes.io/os": "linux", "kubernetes.io/arch": architecture });
        if (allowed === undefined) return [];
        return oneProblem(at("pools", name, "labels", label), "is reserved", allowed, byHand(label, value, "NODE"));
      }),
    ),
    ...eachHost({ hosts }, (name, { architecture, labels, roles }) =>
      Object.entries(labels).flatMap(([label, value]): Problem[] => {
        const key = at("hosts", name, "labels", label);
        const ofPlane = roles.includes("control-plane");
        if (ofPlane && ofKubeadm.test(label)) return oneProblem(key, "is reserved", "nothing here: the host's roles decide it");
        // A control plane's own administrator sets its labels, whom NodeRestriction keeps from none.
        if (ofPlane && kubernetesLabel.test(label) && !ofHost.test(label)) return [];
        const truths = { "kubernetes.io/os": "linux", "kubernetes.io/arch": architecture, "kubernetes.io/hostname": name };
        const allowed = notGiven(label, value, truths);
        return allowed === undefined ? [] : oneProblem(key, "is reserved", allowed, byHand(label, value, name));
      }),
    ),
  ],
};

/** Taints that controllers set and take away by what a Node reports (k8s.io/api/core/v1/well_known_taints.go). */
const controllersTaint =
  /^node\.kubernetes\.io\/(disk-pressure|memory-pressure|network-unavailable|not-ready|out-of-service|pid-pressure|unreachable|unschedulable)$|^node\.cloudprovider\.kubernetes\.io\//;

const taintProblems = (path: readonly string[], taints: readonly Taint[]): Problem[] =>
  taints.flatMap(({ key, effect }, index): Problem[] => {
    const place = at(...path, "taints", index);
    if (controllersTaint.test(key))
      return oneProblem(`${place}.key`, `is ${shown(key)}`, "a key that Kubernetes' controllers don't use");
    const first = taints.findIndex((taint) => taint.key === key && taint.effect === effect);
    if (first === index) return [];
    const allowed = "each key and effect once: with two of them no Node registers";
    return oneProblem(place, `is ${key}:${effect}, as is ${at(...path, "taints", first)}`, allowed);
  });

/** The usual taint of control planes, written out where their roles decide it. */
function usualTaint(path: readonly string[], taints: readonly Taint[]): Problem[] {
  const index = taints.findIndex(({ key }) => key === "node-role.kubernetes.io/control-plane");
  if (index < 0) return [];
  const cure = "take it out: a control plane without the role worker has it, one with that role hasn't";
  return oneProblem(at(...path, "taints", index), "is the usual taint of control planes", "another key", cure);
}

const allTaints: Rule = {
  says: "A pool or host has each taint once, by key and effect, and none that Kubernetes' controllers set and take away. The usual taint of control planes is given by the roles alone.",
  check: ({ pools, hosts }) => [
    ...Object.entries(pools).flatMap(([name, { taints }]) => [
      ...taintProblems(["pools", name], taints),
      ...(Object.values(hosts).some(({ pool, roles }) => pool === name && roles.includes("control-plane"))
        ? usualTaint(["pools", name], taints)
        : []),
    ]),
    ...eachHost({ hosts }, (name, { taints, roles }) => [
      ...taintProblems(["hosts", name], taints),
      ...(roles.includes("control-plane") ? usualTaint(["hosts", name], taints) : []),
    ]),
  ],
};

const nodesOnly: Rule = {
  says: "`labels`, `taints` and `annotations` are given for hosts that are Nodes: workers and control planes.",
  check: ({ hosts }: Pick<Cluster, "hosts">) =>
    eachHost({ hosts }, (name, { roles, labels, taints, annotations }) => {
      if (isNode(roles)) return [];
      const given = { labels: Object.keys(labels), taints, annotations: Object.keys(annotations) };
      return Object.entries(given)
        .filter(([, list]) => list.length > 0)
        .map(([key]) => ({
          key: at("hosts", name, key),
          found: `is given, and the host is ${roles.join(" and ")}, which makes no Node`,
          allowed: `no ${key}, or the role control-plane`,
        }));
    }),
};

const ownAnnotations: Rule = {
  says: "Annotations of hosts are none below `ha-kubernetes`, `kubeadm.alpha.kubernetes.io`, `node.alpha.kubernetes.io`, `volumes.kubernetes.io` or `flannel.alpha.coreos.com`, which programs write.",
  check: ({ hosts }) =>
    eachHost({ hosts }, (name, { annotations }) =>
      Object.keys(annotations)
        .filter((key) =>
          /^(ha-kubernetes|(kubeadm|node)\.alpha\.kubernetes\.io|volumes\.kubernetes\.io|flannel\.alpha\.coreos\.com(?!\/public-ip(v6)?-overwrite$))\//.test(
            key,
          ),
        )
        .map((key) => ({
          key: at("hosts", name, "annotations", key),
          found: "is reserved",
          allowed: "a key that no program of the cluster writes",
        })),
    ),
};

/** Rules about labels, taints and annotations. */
export const labelRules: readonly Rule[] = [poolLabels, allTaints, nodesOnly, ownAnnotations];
