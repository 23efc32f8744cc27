import { stringify } from "yaml";
import { dnsAddress } from "../config/addresses.ts";
import type { Cluster } from "../config/schema.ts";
import { servesSigned } from "../config/serving.ts";
import { kubeletSettings } from "./kubelet-settings.ts";
import type { HostFile } from "./stage.ts";

// The kubelet, the same on every node: its unit, its configuration and how it is told its name.

/** Where prepare puts what depends on the host itself: drop-ins that win over the rendered configuration. */
const KUBELET_DROP_INS = "/etc/ha-kubernetes/kubelet.conf.d";
/** The name servers that pods' look-ups end at; prepare writes it without loopback addresses. */
const RESOLV_CONF = "/etc/ha-kubernetes/resolv.conf";

export interface KubeletArgs {
  host: { name: string; address: string; secondAddress?: string; providerId?: string };
  cluster: Pick<Cluster, "addons" | "featureGates" | "kubelet" | "kubernetesVersion" | "network">;
  /** How it proves who it is before it has a certificate of its own. Workers only. */
  bootstrapKubeconfig?: string;
  taints: readonly { key: string; value: string; effect: string }[];
  /** More flags, from the provider. */
  extraArgs: Readonly<Record<string, string>>;
}

/** The kubelet's files. A change to any of them needs a restart, which leaves running containers alone. */
export function kubeletFiles(args: KubeletArgs): HostFile[] {
  return [
    { path: "/etc/systemd/system/kubelet.service", content: unit(args) },
    { path: "/var/lib/kubelet/config.yaml", content: stringify(configuration(args)), mode: "0600" },
  ];
}

/**
 * The setting by which a stage reserves resources by the host's own size: those that the config does not name. None where it is off.
 */
export function reserveSettings({ kubelet }: Pick<Cluster, "kubelet">): Record<string, string> {
  if (!kubelet.reserveBySize) return {};
  return { RESERVE_BY_SIZE: ["cpu", "memory"].filter((name) => !Object.hasOwn(kubelet.kubeReserved, name)).join(" ") };
}

function configuration({ host, cluster, taints }: KubeletArgs): object {
  const { kubelet, network } = cluster;
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: "/etc/kubernetes/pki/ca.crt" },
    },
    authorization: { mode: "Webhook" },
    clusterDNS: [dnsAddress(network.serviceCidr)],
    clusterDomain: network.dnsDomain,
    containerRuntimeEndpoint: "unix:///run/containerd/containerd.sock",
    containerLogMaxFiles: kubelet.containerLogMaxFiles,
    containerLogMaxSize: `${kubelet.containerLogMaxMebibytes}Mi`,
    maxPods: kubelet.maxPods,
    providerID: host.providerId,
    registerWithTaints: taints.length > 0 ? taints.map(({ key, value, effect }) => ({ key, value, effect })) : undefined,
    resolvConf: RESOLV_CONF,
    rotateCertificates: true,
    seccompDefault: true,
    serializeImagePulls: false,
    serverTLSBootstrap: servesSigned(cluster) || undefined,
    // By default pods get 40 s to end when the host shuts down, the critical ones 20 s more.
    shutdownGracePeriod: `${kubelet.shutdownGracePeriodSeconds}s`,
    shutdownGracePeriodCriticalPods: `${kubelet.shutdownGracePeriodCriticalPodsSeconds}s`,
    staticPodPath: "/etc/kubernetes/manifests",
    systemReserved: Object.keys(kubelet.systemReserved).length > 0 ? kubelet.systemReserved : undefined,
    ...kubeletSettings(cluster),
  };
}

function unit({ host, cluster, bootstrapKubeconfig, extraArgs }: KubeletArgs): string {
  const flags = {
    config: "/var/lib/kubelet/config.yaml",
    "config-dir": KUBELET_DROP_INS,
    kubeconfig: "/etc/kubernetes/kubelet.conf",
    "cert-dir": "/var/lib/kubelet/pki",
    "hostname-override": host.name,
    "node-ip": [host.address, ...(host.secondAddress === undefined ? [] : [host.secondAddress])].join(","),
    ...(bootstrapKubeconfig && { "bootstrap-kubeconfig": bootstrapKubeconfig }),
    ...extraArgs,
  };
  return `[Unit]
Description=kubelet, the Kubernetes node agent
Documentation=https://kubernetes.io/docs/
After=containerd.service network-online.target
Wants=containerd.service network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart=/opt/ha-kubernetes/kubernetes-${cluster.kubernetesVersion}/kubelet \\
${Object.entries(flags)
  .map(([name, value]) => `  --${name}=${value}`)
  .join(" \\\n")}
Restart=always
RestartSec=2
KillMode=process

[Install]
WantedBy=multi-user.target
`;
}
