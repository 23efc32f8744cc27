import { stringify } from "yaml";
import { tokenSeconds } from "../../../config/changes/authorities.ts";
import { digest } from "../../../config/digest.ts";
import { isMonitored } from "../../../config/monitoring.ts";
import { type NodeSettings, nodeSettings } from "../../../config/node-settings.ts";
import type { Cluster } from "../../../config/schema.ts";
import { type IssuingAuthority, issuingFirst } from "../../authorities.ts";
import { kubeletFiles, reserveSettings } from "../../kubelet.ts";
import { annotationSettings, labelWords, taintWords } from "../../node-settings.ts";
import type { HostFile, Stage } from "../../stage.ts";
import { joinFiles } from "../../tools/join/credential.ts";
import { servingFiles, servingSettings } from "../../tools/serving/serving.ts";
import { componentFiles, contentsOf } from "./components.ts";
import { kubeadmConfig, SIGNING_CERTIFICATE, shutdownDelaySeconds } from "./kubeadm.ts";

export interface KeyPair {
  certificate: string;
  key: string;
}

export interface ControlPlaneStageArgs {
  host: { name: string; address: string; secondAddress?: string; providerId?: string };
  owner: string;
  cluster: Pick<
    Cluster,
    | "addons"
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
      ...(isMonitored(cluster) && { SERVES: "yes" }),
      ...servingSettings(cluster),
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
      ...servingFiles(host.name, cluster),
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
