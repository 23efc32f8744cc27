import { podNetworkOf } from "../pod-network.ts";
import { oneProblem, type Problem } from "../problems.ts";
import type { Cluster } from "../schema.ts";
import { at, type Rule } from "./rule.ts";

// The pod network and kube-proxy: which keys have an effect together.

const proxyOfSomebody: Rule = {
  says: "`network.kubeProxyMode: none` needs `network.plugin: none`: flannel reaches the API by a Service.",
  check: (cluster) =>
    cluster.network.kubeProxyMode === "none" && podNetworkOf(cluster) !== undefined
      ? oneProblem(
          at("network", "kubeProxyMode"),
          'is "none"',
          "nftables, iptables or ipvs with flannel, which reaches the API by a Service",
          "set cluster.network.plugin: none and install a network that replaces kube-proxy, such as Cilium",
        )
      : [],
};

/** A key of flannel that has no effect. */
const useless = (key: keyof Cluster["network"]["flannel"], found: unknown, why: string): Problem[] =>
  oneProblem(at("network", "flannel", key), `is ${found}`, `nothing with ${why}`, "take it out");

const flannelKeys: Rule = {
  says: "Keys of `network.flannel` fit its backend: no `port` and `mtu` with host-gw, `directRouting` and `checksumOffload` with vxlan only.",
  check({ network: { flannel } }) {
    const { backend, port, mtu, directRouting, checksumOffload } = flannel;
    const why = `cluster.network.flannel.backend: ${backend}`;
    return [
      ...(backend === "host-gw" && port !== undefined ? useless("port", port, why) : []),
      ...(backend === "host-gw" && mtu !== undefined ? useless("mtu", mtu, why) : []),
      ...(backend !== "vxlan" && directRouting ? useless("directRouting", true, why) : []),
      ...(backend !== "vxlan" && !checksumOffload ? useless("checksumOffload", false, why) : []),
    ];
  },
};

/** Rules about the pod network and kube-proxy. */
export const podNetworkRules: readonly Rule[] = [proxyOfSomebody, flannelKeys];

const ipvsKeys: Rule = {
  says: "`network.ipvs` is set and `network.kubeProxyMode` is another mode.",
  check({ network: { ipvs, kubeProxyMode } }) {
    if (kubeProxyMode === "ipvs" || (ipvs.scheduler === "rr" && !ipvs.strictArp)) return [];
    return oneProblem(at("network", "ipvs"), "is not used", `nothing with cluster.network.kubeProxyMode: ${kubeProxyMode}`);
  },
};

const proxyKeys: Rule = {
  says: "`network.nodePortAddresses` is set and there is no kube-proxy.",
  check: ({ network: { kubeProxyMode, nodePortAddresses } }) =>
    kubeProxyMode !== "none" || nodePortAddresses.length === 0
      ? []
      : oneProblem(at("network", "nodePortAddresses"), "is not used", "nothing with cluster.network.kubeProxyMode: none"),
};

/** Warnings about the pod network and kube-proxy. */
export const podNetworkWarnings: readonly Rule[] = [ipvsKeys, proxyKeys];
