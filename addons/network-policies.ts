import { type Addon, daemonSet, nodeCritical, serviceAccount, trusts } from "./addon.ts";
import { addonImage } from "./lock.ts";

const name = "kube-network-policies";
const namespace = "kube-system";

/** Enforces NetworkPolicies on every node, whatever pod network there is. Its project's install.yaml has these objects. */
export const networkPolicies: Addon<"kubeNetworkPolicies", true> = {
  name,
  settings: ({ addons }) => (addons.networkPolicies ? true : undefined),
  images: (versions) => ({ kubeNetworkPolicies: addonImage(name, versions) }),
  preload: "nodes",
  objects: ({ cluster, images }) => [
    ...serviceAccount(name, namespace, "ha-kubernetes:kube-network-policies", [
      { apiGroups: [""], resources: ["pods", "namespaces"], verbs: ["list", "watch"] },
      { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs: ["list", "watch"] },
    ]),
    // While its pod restarts, the kernel drops what policies are about.
    daemonSet(name, namespace, podSpec(images.kubeNetworkPolicies), trusts(cluster)),
  ],
};

const podSpec = (image: string) => ({
  ...nodeCritical(name),
  containers: [
    {
      name,
      image,
      command: ["/bin/netpol"],
      // Its metrics have no authentication: the host alone reads them.
      args: ["--hostname-override=$(NODE_NAME)", "--metrics-bind-address=127.0.0.1:9080", "--nfqueue-id=98"],
      env: [{ name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }],
      // The requests of its own manifest.
      resources: { requests: { cpu: "100m", memory: "50Mi" } },
      securityContext: { privileged: true },
      volumeMounts: [
        // containerd tells it of a pod before the pod starts, so no packet gets through earlier.
        { name: "nri", mountPath: "/var/run/nri" },
        { name: "netns", mountPath: "/var/run/netns", mountPropagation: "HostToContainer" },
      ],
    },
  ],
  volumes: [
    { name: "nri", hostPath: { path: "/var/run/nri", type: "DirectoryOrCreate" } },
    { name: "netns", hostPath: { path: "/var/run/netns", type: "DirectoryOrCreate" } },
  ],
});
