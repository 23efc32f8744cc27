import { bitsOf, type Family, familyOf, listOf, range } from "../addresses.ts";
import { podNetworkOf } from "../pod-network.ts";
import { counted, oneProblem, type Problem, shown } from "../problems.ts";
import { defaultNodeMask } from "../schema/network.ts";
import type { Cluster } from "../schema.ts";
import { at, type Rule } from "./rule.ts";

// How the pods' ranges are cut up for nodes.

/** kube-controller-manager keeps a bit for each part, and takes at most so many bits between the whole and a part. */
const longestCut = 16;

const defaultMask: Readonly<Record<Family, number>> = { 4: defaultNodeMask.ipv4, 6: defaultNodeMask.ipv6 };

const maskOf = ({ network }: Cluster, family: Family) => (family === 4 ? network.nodeMask.ipv4 : network.nodeMask.ipv6);
const keyOf = (family: Family) => at("network", "nodeMask", family === 4 ? "ipv4" : "ipv6");

/** Nodes of today, with the most that pools may scale to. */
function nodesOf({ hosts, pools }: Cluster): number {
  const nodes = Object.values(hosts).filter(({ roles }) => roles.includes("worker") || roles.includes("control-plane"));
  return Object.values(pools).reduce((sum, { autoscaling }) => sum + (autoscaling?.maximum ?? 0), nodes.length);
}

/** Addresses that a node's part has for pods: neither the network's own, nor that of the bridge, nor the last one. */
const podsOf = (cluster: Cluster, family: Family) => 2 ** (bitsOf[family] - maskOf(cluster, family)) - 3;

/** Families whose parts are too small for `kubelet.maxPods`. flannel alone gives pods addresses of a node's part. */
const tooSmall = (cluster: Cluster): Family[] =>
  podNetworkOf(cluster)
    ? listOf(cluster.network.podCidr)
        .map(familyOf)
        .filter((family) => podsOf(cluster, family) < cluster.kubelet.maxPods)
    : [];

const room: Rule = {
  says: "Each pods' range is at most 16 bits larger than a node's part of it (`network.nodeMask`), and has one for every control plane and worker.",
  check(cluster) {
    const key = at("network", "podCidr");
    const nodes = nodesOf(cluster);
    return listOf(cluster.network.podCidr).flatMap((cidr): Problem[] => {
      const { family, prefix } = range(cidr);
      const mask = maskOf(cluster, family);
      const least = Math.max(1, mask - longestCut);
      const found = `is ${shown(cidr)}`;
      if (prefix < least || prefix > mask)
        return oneProblem(key, found, `a range from /${least} to /${mask}; a /${mask} of it goes to each node`);
      if (2 ** (mask - prefix) >= nodes) return [];
      const allowed = `a range with a /${mask} for each of the ${counted(nodes, "node")}: /${mask - Math.ceil(Math.log2(nodes))} or larger`;
      return oneProblem(key, found, allowed);
    });
  },
};

const unusedMask: Rule = {
  says: "`network.nodeMask` is given for families that `network.podCidr` has.",
  check: (cluster) =>
    ([4, 6] as const).flatMap((family) => {
      const mask = maskOf(cluster, family);
      const has = listOf(cluster.network.podCidr).some((cidr) => range(cidr).family === family);
      if (has || mask === defaultMask[family]) return [];
      return oneProblem(keyOf(family), `is ${mask}`, `nothing: cluster.network.podCidr has no IPv${family} range`);
    }),
};

const podsFit: Rule = {
  says: "With a `network.nodeMask` longer than its default, a node's part holds `kubelet.maxPods`.",
  check: (cluster) =>
    tooSmall(cluster)
      .filter((family) => maskOf(cluster, family) > defaultMask[family])
      .flatMap((family) => {
        const found = `is ${cluster.kubelet.maxPods}, and a node's /${maskOf(cluster, family)} holds ${podsOf(cluster, family)} pods`;
        return oneProblem(at("kubelet", "maxPods"), found, `at most ${podsOf(cluster, family)}, or a shorter ${keyOf(family)}`);
      }),
};

/** Rules about nodes' parts of the pods' ranges. */
export const podRangeRules: readonly Rule[] = [room, unusedMask, podsFit];

const tooManyPods: Rule = {
  says: "`kubelet.maxPods` is more than the addresses that flannel has for a node.",
  check: (cluster) =>
    tooSmall(cluster)
      .filter((family) => maskOf(cluster, family) <= defaultMask[family])
      .flatMap((family) =>
        oneProblem(
          at("kubelet", "maxPods"),
          `is ${cluster.kubelet.maxPods}`,
          `at most ${podsOf(cluster, family)}: a node's /${maskOf(cluster, family)} holds no more, and further pods wait`,
        ),
      ),
};

const fullPods: Rule = {
  says: "`network.podCidr` has a part for each node of today and none for one more.",
  check(cluster) {
    const nodes = nodesOf(cluster);
    return listOf(cluster.network.podCidr).flatMap((cidr) => {
      const { family, prefix } = range(cidr);
      if (2 ** (maskOf(cluster, family) - prefix) !== nodes) return [];
      const found = `is ${shown(cidr)}, full with ${nodes} nodes`;
      return oneProblem(at("network", "podCidr"), found, "a larger range that holds it and leaves room to replace a host");
    });
  },
};

/** Warnings about nodes' parts of the pods' ranges. */
export const podRangeWarnings: readonly Rule[] = [tooManyPods, fullPods];
