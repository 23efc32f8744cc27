import { stringify } from "yaml";
import { familyOf, listOf, ofFamily } from "../../../config/addresses.ts";
import { lastingEndpoint } from "../../../config/api.ts";
import { isMonitored, SERVING_FOLDER } from "../../../config/monitoring.ts";
import { APISERVER_PORT } from "../../../config/ports.ts";
import { defaultNodeMask } from "../../../config/schema/network.ts";
import type { Cluster } from "../../../config/schema.ts";
import { argumentsOf, extraVolumes } from "./components.ts";

/** Where the certificate is that signs for kubelets. */
export const SIGNING_CERTIFICATE = "/etc/kubernetes/pki/signing-ca.crt";

/** What kubeadm reads: the keys that this program has an opinion on. */
export interface KubeadmArgs {
  host: { name: string; address: string; secondAddress?: string };
  cluster: Pick<
    Cluster,
    | "addons"
    | "api"
    | "artifacts"
    | "balancer"
    | "certificates"
    | "controllerManager"
    | "etcd"
    | "featureGates"
    | "hosts"
    | "kubernetesVersion"
    | "name"
    | "network"
    | "scheduler"
  >;
  /** The API's address for everybody. */
  endpoint: { address: string; secondAddress?: string };
  etcdClientUrls: readonly string[];
}

/** kubeadm's configuration of a control plane: an InitConfiguration and a ClusterConfiguration. */
export function kubeadmConfig(args: KubeadmArgs): string {
  const { host, cluster, endpoint, etcdClientUrls } = args;
  const { api, certificates, network } = cluster;
  const names = (entries: Record<string, string>) => Object.entries(entries).map(([name, value]) => ({ name, value }));
  return [
    {
      apiVersion: "kubeadm.k8s.io/v1beta4",
      kind: "InitConfiguration",
      localAPIEndpoint: { advertiseAddress: host.address, bindPort: APISERVER_PORT },
      nodeRegistration: {
        name: host.name,
        criSocket: "unix:///run/containerd/containerd.sock",
        // Without this key kubeadm gives the usual taint.
        ...(cluster.hosts[host.name]?.roles.includes("worker") && { taints: [] }),
      },
      patches: { directory: "/etc/kubernetes/patches" },
    },
    {
      apiVersion: "kubeadm.k8s.io/v1beta4",
      kind: "ClusterConfiguration",
      clusterName: cluster.name,
      kubernetesVersion: `v${cluster.kubernetesVersion}`,
      ...(cluster.artifacts.imageRepository !== undefined && { imageRepository: cluster.artifacts.imageRepository }),
      // In kubeconfigs of this host. They are used at any time, so they go to a new place once it is served for certain.
      controlPlaneEndpoint: lastingEndpoint(cluster),
      certificatesDir: "/etc/kubernetes/pki",
      certificateValidityPeriod: `${certificates.leafValidityHours}h`,
      encryptionAlgorithm: "ECDSA-P256",
      networking: { podSubnet: network.podCidr, serviceSubnet: network.serviceCidr, dnsDomain: network.dnsDomain },
      etcd: {
        external: {
          endpoints: [...etcdClientUrls],
          caFile: "/etc/kubernetes/pki/etcd/ca.crt",
          certFile: "/etc/kubernetes/pki/apiserver-etcd-client.crt",
          keyFile: "/etc/kubernetes/pki/apiserver-etcd-client.key",
        },
      },
      apiServer: {
        certSANs: [
          ...new Set([
            ...[host.name, host.address, endpoint.address, api.domainName, ...api.extraNames],
            ...[api.address, api.former?.domainName, api.former?.address, host.secondAddress, endpoint.secondAddress].filter(
              (it) => it !== undefined,
            ),
          ]),
        ],
        extraArgs: names({
          // HTTP/2 clients find their way back to a returned apiserver: 1 request in 1000 is told to connect again.
          "goaway-chance": "0.001",
          // Sooner than haproxy's check gives up: that etcd does not answer must not look as if the apiserver did not. /livez has its own.
          "etcd-readycheck-timeout": "1s",
          profiling: "false",
          // /readyz fails this long before the apiserver stops serving: longer than haproxy takes to notice.
          "shutdown-delay-duration": `${shutdownDelaySeconds(cluster)}s`,
          // After that it does not wait a minute for watches to end: clients are told to retry, and reach another apiserver.
          "shutdown-send-retry-after": "true",
          ...argumentsOf("api", cluster),
        }),
        ...extraVolumes("api", cluster),
      },
      controllerManager: {
        extraArgs: names({
          profiling: "false",
          ...nodeMasks(network),
          "cluster-signing-cert-file": SIGNING_CERTIFICATE,
          "cluster-signing-duration": `${certificates.leafValidityHours}h`,
          ...servingNodes(host, cluster),
          ...argumentsOf("controllerManager", cluster),
        }),
        ...extraVolumes("controllerManager", cluster),
      },
      scheduler: {
        extraArgs: names({ profiling: "false", ...servingNodes(host, cluster), ...argumentsOf("scheduler", cluster) }),
        ...extraVolumes("scheduler", cluster),
      },
    },
  ]
    .map((document) => stringify(document))
    .join("---\n");
}

/**
 * Prometheus reads the metrics of both components from the nodes. Without it they answer on loopback alone. Either way they ask the
 * apiserver who it is and what it may.
 */
function servingNodes({ address }: KubeadmArgs["host"], cluster: Pick<Cluster, "addons">): Record<string, string> {
  if (!isMonitored(cluster)) return {};
  return {
    "bind-address": familyOf(address) === 6 ? "::" : "0.0.0.0",
    "tls-cert-file": `${SERVING_FOLDER}/tls.crt`,
    "tls-private-key-file": `${SERVING_FOLDER}/tls.key`,
  };
}

/** How much of the pods' ranges each node gets, where it is not the default. */
function nodeMasks({ nodeMask, podCidr }: Cluster["network"]): Record<string, string> {
  const families = ([4, 6] as const).filter((family) => ofFamily(listOf(podCidr), family).length > 0);
  const masks = families
    .map((family) => `ipv${family}` as const)
    .filter((family) => nodeMask[family] !== defaultNodeMask[family]);
  return Object.fromEntries(masks.map((family) => [`node-cidr-mask-size-${family}`, String(nodeMask[family])]));
}

/** Twice the balancer's checks until it gives a server up, and never less than 5 seconds. */
export function shutdownDelaySeconds(cluster: Pick<Cluster, "balancer">): number {
  return Math.max(5, Math.ceil((4 * cluster.balancer.checkIntervalMilliseconds) / 1000));
}
