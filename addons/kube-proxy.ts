import { stringify } from "yaml";
import { lockedImage } from "../artifacts/images.ts";
import { isLvs } from "../config/api.ts";
import { isMapping } from "../config/schema/component.ts";
import type { Cluster } from "../config/schema.ts";
import { type Addon, clusterRoleBinding, configuredDaemonSet, nodeCritical } from "./addon.ts";

const name = "kube-proxy";
const namespace = "kube-system";

/** Implements Services on every node, in the mode of the config. It reaches the API at its one address. */
export const kubeProxy: Addon<"kubeProxy", Cluster["network"]> = {
  name,
  settings: ({ network }) => (network.kubeProxyMode === "none" ? undefined : network),
  images: (versions) => ({ kubeProxy: lockedImage("kube-proxy", versions) }),
  preload: "nodes",
  objects: ({ cluster, apiUrl, images }) => {
    const data = { "config.conf": configuration(cluster), "kubeconfig.conf": kubeconfig(apiUrl) + former(cluster) };
    return [
      { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } },
      // Kubernetes' own role for kube-proxy.
      clusterRoleBinding("ha-kubernetes:kube-proxy", "system:node-proxier", { kind: "ServiceAccount", name, namespace }),
      // A restart of kube-proxy leaves its rules in place, so several nodes at a time are safe.
      ...configuredDaemonSet(name, namespace, cluster, data, podSpec(images.kubeProxy)),
    ];
  },
};

function configuration(cluster: Cluster): string {
  const { featureGates, kubeProxy, network } = cluster;
  const { conntrackMaxPerCore, conntrackMin, extraConfig } = kubeProxy;
  const { kubeProxyMode, podCidr, nodePortAddresses } = network;
  // MetalLB alone answers ARP for the addresses that it gives.
  const ipvs = { ...network.ipvs, strictArp: network.ipvs.strictArp || cluster.addons.metallb !== undefined };
  const own: Record<string, unknown> = {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: kubeProxyMode,
    ...(kubeProxyMode === "ipvs" && changed({ scheduler: ipvs.scheduler, strictARP: ipvs.strictArp }, spared(cluster))),
    clusterCIDR: podCidr,
    ...(nodePortAddresses.length > 0 && { nodePortAddresses }),
    clientConnection: { kubeconfig: "/var/lib/kube-proxy/kubeconfig.conf" },
    // 0 leaves the kernel's connection table as it is: host preparation sizes it, and a container can't.
    conntrack: { maxPerCore: conntrackMaxPerCore, min: conntrackMin },
    ...(Object.keys(featureGates).length > 0 && { featureGates }),
  };
  // In its own mappings there is room for fields of the config.
  const more = Object.entries(extraConfig ?? {}).map(([name, value]) => [
    name,
    isMapping(own[name]) && isMapping(value) ? { ...value, ...own[name] } : value,
  ]);
  return stringify({ ...own, ...Object.fromEntries(more) });
}

// Only what differs from kube-proxy's defaults, so that the pods of a running cluster stay as they are.
const changed = ({ scheduler, strictARP }: { scheduler: string; strictARP: boolean }, excludeCIDRs: readonly unknown[]) => {
  const own = {
    ...((scheduler !== "rr" || strictARP) && { scheduler, strictARP }),
    ...(excludeCIDRs.length > 0 && { excludeCIDRs }),
  };
  return Object.keys(own).length > 0 ? { ipvs: own } : {};
};

// A balancer that is IPVS, too, has virtual servers of its own: kube-proxy deletes those that it does not know, unless it is told.
function spared(cluster: Cluster): readonly unknown[] {
  if (!isLvs(cluster)) return [];
  const { ipvs } = cluster.kubeProxy.extraConfig ?? {};
  const theirs = isMapping(ipvs) && Array.isArray(ipvs.excludeCIDRs) ? ipvs.excludeCIDRs : [];
  const own = [cluster.api.address, cluster.api.former?.address].filter((it) => it !== undefined);
  return [...theirs, ...own.map((address) => `${address}/32`)];
}

function kubeconfig(server: string): string {
  const account = "/var/run/secrets/kubernetes.io/serviceaccount";
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "default", cluster: { "certificate-authority": `${account}/ca.crt`, server } }],
    users: [{ name: "default", user: { tokenFile: `${account}/token` } }],
    contexts: [{ name: "default", context: { cluster: "default", user: "default", namespace } }],
    "current-context": "default",
  });
}

// Changes when a move of the API begins and when it ends, so that the pods restart: each has its own copy of the host's /etc/hosts.
function former({ api }: Cluster): string {
  if (api.former === undefined) return "";
  const { domainName, address, port } = api.former;
  return `# The API moves. Before: ${[domainName, address, port].filter((it) => it !== undefined).join(" ")}\n`;
}

function podSpec(image: string) {
  return {
    ...nodeCritical(name),
    containers: [
      {
        name,
        image,
        command: ["/usr/local/bin/kube-proxy", "--config=/var/lib/kube-proxy/config.conf", "--hostname-override=$(NODE_NAME)"],
        env: [{ name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }],
        securityContext: { privileged: true },
        volumeMounts: [
          { name: "configuration", mountPath: "/var/lib/kube-proxy" },
          { name: "xtables-lock", mountPath: "/run/xtables.lock" },
          { name: "modules", mountPath: "/lib/modules", readOnly: true },
        ],
      },
    ],
    volumes: [
      { name: "configuration", configMap: { name } },
      { name: "xtables-lock", hostPath: { path: "/run/xtables.lock", type: "FileOrCreate" } },
      { name: "modules", hostPath: { path: "/lib/modules" } },
    ],
  };
}
