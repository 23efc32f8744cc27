// What people write who come from other tools, or who put a key one level too high or too low.

/** Keys of kubeadm, kubespray, k0sctl, KubeOne and Ansible, by what they are here. Paths are below `cluster`. */
const keys: Readonly<Record<string, string>> = {
  apiExtraArgs: "api.extraArgs",
  apiServer: "api",
  apiserver: "api",
  apiserverExtraArgs: "api.extraArgs",
  certSANs: "api.extraNames",
  clusterCidr: "network.podCidr",
  clusterDomain: "network.dnsDomain",
  clusterName: "name",
  cni: "network.plugin",
  containerLogMaxSize: "kubelet.containerLogMaxMebibytes",
  controlPlaneEndpoint: "api.address",
  controllerManagerExtraArgs: "controllerManager.extraArgs",
  dataDir: "etcd.dataDirectory",
  etcdExtraArgs: "etcd.extraArgs",
  kubeControllerManager: "controllerManager",
  kubeScheduler: "scheduler",
  kubeletConfig: "kubelet.extraConfig",
  schedulerExtraArgs: "scheduler.extraArgs",
  dnsServers: "network.nameServers",
  ip: "hosts.NAME.address",
  httpProxy: "proxy.http",
  httpsProxy: "proxy.https",
  imageRepository: "artifacts.imageRepository",
  insecureRegistry: "containerRuntime.insecureRegistries",
  internalIp: "hosts.NAME.address",
  k8sVersion: "kubernetesVersion",
  kubeVersion: "kubernetesVersion",
  loadBalancer: "balancer",
  machines: "hosts",
  nameservers: "network.nameServers",
  nodeGroups: "pools",
  nodePools: "pools",
  nodes: "hosts",
  noProxy: "proxy.none",
  podNetworkCidr: "network.podCidr",
  podSubnet: "network.podCidr",
  privateAddress: "hosts.NAME.address",
  privateIp: "hosts.NAME.address",
  proxyMode: "network.kubeProxyMode",
  publicAddress: "hosts.NAME.sshAddress",
  publicIp: "hosts.NAME.sshAddress",
  registries: "containerRuntime.registryMirrors",
  registryMirrors: "containerRuntime.registryMirrors",
  role: "hosts.NAME.roles",
  sans: "api.extraNames",
  servers: "hosts",
  serviceNetworkCidr: "network.serviceCidr",
  serviceSubnet: "network.serviceCidr",
  upstreamDns: "network.nameServers",
  version: "kubernetesVersion",
  vip: "api.address",
  virtualIp: "api.address",
  workerPools: "pools",
};

/** Words for one of the few that a key takes. */
const values: Readonly<Record<string, string>> = {
  controller: "control-plane",
  kubecontrolplane: "control-plane",
  kubemaster: "control-plane",
  kubenode: "worker",
  lb: "balancer",
  loadbalancer: "balancer",
  master: "control-plane",
  metal: "baremetal",
  onprem: "baremetal",
  onpremise: "baremetal",
  onpremises: "baremetal",
  physical: "baremetal",
  static: "baremetal",
  agent: "worker",
  node: "worker",
};

/** Words for arguments of a component, by where they are meant. */
const argumentWords = ["args", "arguments", "extraArguments"];
const argumentsOf = (section: string, meant: string) => argumentWords.map((word) => [`${section}.${word}`, { meant }] as const);

/** Keys that mean another thing, or nothing, below a section, by `section.key`. Paths are below `cluster`. */
const below: Readonly<Record<string, { meant: string } | { cure: string }>> = {
  "api.host": { meant: "address or domainName" },
  "api.hostname": { meant: "domainName" },
  "api.ip": { meant: "address" },
  "balancer.mode": { meant: "kind" },
  "balancer.type": { meant: "kind" },
  "kubelet.extraArgs": { cure: "write fields of a KubeletConfiguration below kubelet.extraConfig" },
  "kubeProxy.extraArgs": { cure: "write fields of a KubeProxyConfiguration below kubeProxy.extraConfig" },
  "network.dns": { meant: "nameServers" },
  "network.extraArgs": { cure: "write fields of a KubeProxyConfiguration below kubeProxy.extraConfig" },
  "network.resolvers": { meant: "nameServers" },
  ...Object.fromEntries([
    ...["api", "controllerManager", "etcd", "scheduler"].flatMap((section) => argumentsOf(section, "extraArgs")),
    ...["kubelet", "kubeProxy"].flatMap((section) => argumentsOf(section, "extraConfig")),
  ]),
  ...Object.fromEntries(
    [
      ["containerRuntime", "containerd"],
      ["balancer", "the balancer"],
    ].flatMap(([section, program]) =>
      ["extraArgs", ...argumentWords].map((word) => [
        `${section}.${word}`,
        { cure: `arguments of ${program} can't be set; what can is the keys above` },
      ]),
    ),
  ),
};
const plainBelow = new Map(Object.entries(below).map(([word, meant]) => [plain(word), meant]));

/** What a key means below a section where that is another thing than elsewhere, or what to do where it means nothing. */
export const keyBelow = (section: string, word: string): { meant: string } | { cure: string } | undefined =>
  plainBelow.get(plain(section + word));

/** A key whatever its spelling: podSubnet, pod_subnet and pod-subnet are one. */
function plain(word: string): string {
  return word.toLowerCase().replace(/[^a-z0-9]/g, "");
}
const plainKeys = new Map(Object.entries(keys).map(([word, path]) => [plain(word), path]));

/** Where other tools' key is here, or undefined. */
export const keyElsewhere = (word: string): string | undefined => plainKeys.get(plain(word));

/** Which of a few values another tool's word means, or one with another spelling; undefined where none. */
export function valueMeant(word: string, candidates: readonly string[]): string | undefined {
  const same = candidates.find((candidate) => plain(candidate) === plain(word));
  const meant = same ?? values[plain(word)];
  return meant !== undefined && candidates.includes(meant) ? meant : undefined;
}

/** Keys that ask for a secret, which this mapping never holds. */
export const isSecretKey = (word: string): boolean =>
  /^(ssh|proxy)?(password|passphrase|passwd|secret|token|auth|login|credentials)$|^(backup)?(ssh|private|sshprivate)key(file|path)?$|^(key|identity)file$/.test(
    plain(word),
  );
