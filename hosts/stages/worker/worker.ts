import { stringify } from "yaml";
import { hostPort } from "../../../config/addresses.ts";
import { buildsBalancer, isNodeLocal } from "../../../config/api.ts";
import { nodeSettings } from "../../../config/node-settings.ts";
import type { Cluster } from "../../../config/schema.ts";
import { podNetwork } from "../../cluster.ts";
import { kubeletFiles, reserveSettings } from "../../kubelet.ts";
import { annotationSettings, labelWords } from "../../node-settings.ts";
import type { Stage } from "../../stage.ts";
import { servingSettings } from "../../tools/serving/serving.ts";

export interface WorkerStageArgs {
  host: { name: string; address: string; secondAddress?: string; pool: string; providerId?: string };
  owner: string;
  cluster: Pick<
    Cluster,
    | "addons"
    | "api"
    | "balancer"
    | "drain"
    | "featureGates"
    | "hosts"
    | "kubelet"
    | "kubernetesVersion"
    | "network"
    | "pools"
    | "traits"
  >;
  endpoint: { address: string; port: number };
  /** The cluster's authority: every trusted certificate, and the one that signs kubelets' certificates now. PEM. */
  authority: { certificate: string; trusted: string };
  /**
   * What it joins with, until the kubelet has a certificate of its own: a credential that a control plane made for this worker, PEM,
   * or the bootstrap token of an auto-scaling pool.
   */
  join: { credential: string } | { token: string };
  kubeletExtraArgs: Readonly<Record<string, string>>;
}

/** What a worker must hold: the kubelet and what it needs to join. No credential but its own. */
export function workerStage(args: WorkerStageArgs): Stage {
  const { host, owner, cluster, endpoint, authority, join } = args;
  const pool = cluster.pools[host.pool];
  if (!pool) throw new Error(`worker ${host.name} is in pool ${host.pool}, which the config does not define`);
  const node = nodeSettings(cluster, host.name, host.pool);
  return {
    name: "worker",
    host: host.name,
    owner,
    versions: { kubernetes: cluster.kubernetesVersion },
    settings: {
      KUBERNETES_VERSION: cluster.kubernetesVersion,
      // Where the kubelet finds the API, and the address at which that is looked at before it goes there.
      API_URL: `https://${cluster.api.domainName}:${endpoint.port}`,
      API_ADDRESS: endpoint.address,
      POOL: host.pool,
      MAX_UNAVAILABLE: String(pool.maxUnavailable),
      DRAIN_SECONDS: String(cluster.drain.timeoutSeconds),
      BALANCER:
        buildsBalancer(cluster) || isNodeLocal(cluster) ? hostPort(endpoint.address, cluster.balancer.statisticsPort) : "",
      LABELS: labelWords(node),
      ...annotationSettings(node),
      POD_NETWORK: podNetwork(cluster),
      ...reserveSettings(cluster),
      ...servingSettings(cluster),
    },
    files: [
      { path: "/etc/kubernetes/pki/ca.crt", content: authority.trusted },
      ...kubeletFiles({
        host,
        cluster,
        bootstrapKubeconfig: "/etc/kubernetes/bootstrap-kubelet.conf",
        taints: node.taints,
        extraArgs: args.kubeletExtraArgs,
      }),
    ],
    inputs: {
      ...("token" in join
        ? { "bootstrap-kubelet.conf": kubeconfig(cluster, endpoint.port, { token: join.token }) }
        : { "kubelet.conf": kubeconfig(cluster, endpoint.port, ownCredential), join: join.credential }),
      "issuer.crt": authority.certificate,
    },
  };
}

/** Where the kubelet keeps its own certificate and key; it changes them there before they end. */
const CREDENTIAL = "/var/lib/kubelet/pki/kubelet-client-current.pem";
const ownCredential = { "client-certificate": CREDENTIAL, "client-key": CREDENTIAL };

function kubeconfig(cluster: Pick<Cluster, "api">, port: number, user: object): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: "cluster",
        cluster: { server: `https://${cluster.api.domainName}:${port}`, "certificate-authority": "/etc/kubernetes/pki/ca.crt" },
      },
    ],
    users: [{ name: "kubelet", user }],
    contexts: [{ name: "kubelet", context: { cluster: "cluster", user: "kubelet" } }],
    "current-context": "kubelet",
  });
}
