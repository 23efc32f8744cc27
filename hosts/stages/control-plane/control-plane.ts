import { stringify } from "yaml";
import { listOf, ofFamily } from "../../../config/addresses.ts";
import { lastingEndpoint } from "../../../config/api.ts";
import { tokenSeconds } from "../../../config/changes/authorities.ts";
import { digest } from "../../../config/digest.ts";
import { type NodeSettings, nodeSettings } from "../../../config/node-settings.ts";
import { APISERVER_PORT } from "../../../config/ports.ts";
import { defaultNodeMask } from "../../../config/schema/network.ts";
import type { Cluster } from "../../../config/schema.ts";
import { type IssuingAuthority, issuingFirst } from "../../authorities.ts";
import { kubeletFiles, reserveSettings } from "../../kubelet.ts";
import { annotationSettings, labelWords, taintWords } from "../../node-settings.ts";
import type { HostFile, Stage } from "../../stage.ts";
import { joinFiles } from "../../tools/join/credential.ts";
import { argumentsOf, componentFiles, contentsOf, extraVolumes } from "./components.ts";

export interface KeyPair {
  certificate: string;
  key: string;
}

export interface ControlPlaneStageArgs {
  host: { name: string; address: string; secondAddress?: string; providerId?: string };
  owner: string;
  cluster: Pick<
    Cluster,
    | "allow"
    | "api"
    | "artifacts"
    | "balancer"
    | "certificates"
    | "controllerManager"
    | "drain"
    | "etcd"
    | "hosts"
    | "featureGates"
    | "kubelet"
    | "kubernetesVersion"
    | "name"
    | "network"
    | "pools"
    | "scheduler"
  >;
  /** The API's address for everybody: virtual IP or balancer, with its port. */
  endpoint: { address: string; secondAddress?: string; port: number };
  etcdClientUrls: readonly string[];
  /** Names of all control planes; told to the host with a restore only. */
  controlPlanes: readonly string[];
  pki: {
    kubernetes: IssuingAuthority;
    frontProxy: IssuingAuthority;
    /** The key that signs, and every public key by which tokens are accepted. */
    serviceAccount: { publicKeys: readonly string[]; key: string };
    /** Every certificate that is trusted. */
    etcdAuthority: string;
    etcdClient: KeyPair;
  };
  kubeletExtraArgs: Readonly<Record<string, string>>;
  /** Contents of the components' secret files, by name. Default: none. */
  secretFiles?: Readonly<Record<string, string>>;
  /** Set where the cluster's version is one that the host goes through on its way to another: the list of that version's artifacts. */
  passing?: string;
}

/** What a control plane must hold: placed PKI, kubeadm's configuration and patches, the kubelet. */
export function controlPlaneStage(args: ControlPlaneStageArgs): Stage {
  const { host, owner, cluster, pki } = args;
  const node = nodeSettings(cluster, host.name);
  return {
    name: "control-plane",
    host: host.name,
    owner,
    ...(args.passing !== undefined && { passing: cluster.kubernetesVersion, inputs: { artifacts: args.passing } }),
    versions: { kubernetes: cluster.kubernetesVersion },
    settings: {
      KUBERNETES_VERSION: cluster.kubernetesVersion,
      HOST_ADDRESS: host.address,
      ETCD_SERVERS: args.etcdClientUrls.join(","),
      DRAIN_SECONDS: String(cluster.drain.timeoutSeconds),
      TOKEN_SECONDS: String(tokenSeconds),
      ...nodeOwn(node, cluster.hosts[host.name]?.roles.includes("worker") === true),
      ...reserveSettings(cluster),
      ...(cluster.allow.includes("early-key-drop") && { ALLOW_EARLY_KEY_DROP: "yes" }),
      ...(cluster.etcd.restoreFrom && {
        RESTORE_ID: cluster.etcd.restoreFrom.id,
        RESTORE_CONTROL_PLANES: [...args.controlPlanes].sort().join(" "),
      }),
    },
    files: [
      ...pkiFiles(pki),
      ...patches(args),
      ...componentFiles(cluster, args.secretFiles ?? {}, pki.serviceAccount.key),
      ...kubeletFiles({
        host,
        cluster,
        taints: node.taints,
        extraArgs: args.kubeletExtraArgs,
      }),
      ...joinFiles,
      { path: "/etc/kubernetes/kubeadm.yaml", content: kubeadmConfig(args), mode: "0600" },
      { path: "/etc/kubernetes/bootstrap-rbac.yaml", content: bootstrapRbac, mode: "0600" },
    ],
  };
}

/** What this Node has beside what every control plane's has: its settings are there only where something is. */
function nodeOwn(node: NodeSettings, worker: boolean): Record<string, string> {
  const labels = labelWords(node);
  return {
    ...(labels !== "" && { LABELS: labels }),
    ...annotationSettings(node),
    ...((worker || node.taints.length > 1) && { TAINTS: taintWords(node).join(" ") }),
    ...(worker && { WORKER: "yes" }),
  };
}

const SIGNING_CERTIFICATE = "/etc/kubernetes/pki/signing-ca.crt";

function pkiFiles(pki: ControlPlaneStageArgs["pki"]): HostFile[] {
  const directory = "/etc/kubernetes/pki";
  const pair = (name: string, { certificate, key }: KeyPair): HostFile[] => [
    { path: `${directory}/${name}.crt`, content: certificate },
    { path: `${directory}/${name}.key`, content: key, mode: "0600" },
  ];
  return [
    ...pair("ca", { ...pki.kubernetes, certificate: issuingFirst(pki.kubernetes) }),
    // The controller manager signs with a certificate that is alone in its file.
    { path: SIGNING_CERTIFICATE, content: pki.kubernetes.certificate },
    ...pair("front-proxy-ca", { ...pki.frontProxy, certificate: issuingFirst(pki.frontProxy) }),
    ...pair("apiserver-etcd-client", pki.etcdClient),
    { path: `${directory}/etcd/ca.crt`, content: pki.etcdAuthority },
    { path: `${directory}/sa.pub`, content: pki.serviceAccount.publicKeys.join("") },
    { path: `${directory}/sa.key`, content: pki.serviceAccount.key, mode: "0600" },
  ];
}

function kubeadmConfig(args: ControlPlaneStageArgs): string {
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
          ...argumentsOf("controllerManager", cluster),
        }),
        ...extraVolumes("controllerManager", cluster),
      },
      scheduler: {
        extraArgs: names({ profiling: "false", ...argumentsOf("scheduler", cluster) }),
        ...extraVolumes("scheduler", cluster),
      },
    },
  ]
    .map((document) => stringify(document))
    .join("---\n");
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
function shutdownDelaySeconds(cluster: Pick<Cluster, "balancer">): number {
  return Math.max(5, Math.ceil((4 * cluster.balancer.checkIntervalMilliseconds) / 1000));
}

// The digest makes each static pod restart when something it read at its start is another: kubelet sees a new manifest.
function patches(args: ControlPlaneStageArgs): HostFile[] {
  const { pki, cluster, secretFiles = {} } = args;
  const annotated = (inputs: readonly string[], spec: object = {}) =>
    stringify({ metadata: { annotations: { "ha-kubernetes/inputs": digest(inputs.join("\0")) } }, ...spec });
  const trust = [issuingFirst(pki.kubernetes), pki.serviceAccount.key, pki.etcdClient.certificate];
  const frontProxy = issuingFirst(pki.frontProxy);
  return [
    {
      path: "/etc/kubernetes/patches/kube-apiserver+strategic.yaml",
      content: annotated(
        [
          ...trust,
          ...pki.serviceAccount.publicKeys,
          ...[frontProxy, pki.etcdAuthority],
          ...contentsOf("api", cluster, secretFiles),
        ],
        { spec: { terminationGracePeriodSeconds: shutdownDelaySeconds(cluster) + 60 } },
      ),
    },
    {
      path: "/etc/kubernetes/patches/kube-controller-manager+strategic.yaml",
      content: annotated([...trust, frontProxy, ...contentsOf("controllerManager", cluster, secretFiles)]),
    },
    {
      path: "/etc/kubernetes/patches/kube-scheduler+strategic.yaml",
      content: annotated([...trust, ...contentsOf("scheduler", cluster, secretFiles)]),
    },
  ];
}

// What kubeadm binds in a phase that is not run here: a joining kubelet may ask for a certificate with its bootstrap token and gets
// it and its successors approved; apiservers may reach into kubelets, for logs and exec.
const bootstrapRbac = [
  ["kubelet-bootstrap", "system:node-bootstrapper", "Group", "system:bootstrappers:kubeadm:default-node-token"],
  [
    "node-autoapprove-bootstrap",
    "system:certificates.k8s.io:certificatesigningrequests:nodeclient",
    "Group",
    "system:bootstrappers:kubeadm:default-node-token",
  ],
  [
    "node-autoapprove-certificate-rotation",
    "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
    "Group",
    "system:nodes",
  ],
  ["apiserver-kubelet-client", "system:kubelet-api-admin", "User", "kube-apiserver-kubelet-client"],
]
  .map(([name, role, kind, subject]) =>
    stringify({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: `kubeadm:${name}` },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind, name: subject }],
    }),
  )
  .join("---\n");
