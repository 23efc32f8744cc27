import { stringify } from "yaml";
import { buildsBalancer } from "../../config/balancer.ts";
import type { Cluster } from "../../config/schema.ts";
import { kubeletFiles } from "../kubelet.ts";
import type { Stage } from "../stage.ts";
import { taintsOf } from "../taints.ts";

export interface WorkerStageArgs {
  host: { name: string; address: string; pool: string; providerId?: string };
  owner: string;
  cluster: Cluster;
  endpoint: { address: string; port: number };
  /** The cluster's authority: what is trusted, and what signs kubelets' certificates now. PEM. */
  authority: { certificate: string; trusted: string };
  /** Bootstrap token, minted for this worker. Used until the kubelet has its own certificate, never again. */
  token: string;
  kubeletExtraArgs: Readonly<Record<string, string>>;
}

/** What a worker must hold: the kubelet and what it needs to join. No credential but its own. */
export function workerStage(args: WorkerStageArgs): Stage {
  const { host, owner, cluster, endpoint, authority, token } = args;
  const pool = cluster.pools[host.pool];
  if (!pool) throw new Error(`worker ${host.name} is in pool ${host.pool}, which the config does not define`);
  const labels = { "ha-kubernetes/pool": host.pool, ...pool.labels };
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
      BALANCER: buildsBalancer(cluster) ? `${endpoint.address}:${cluster.balancer.statisticsPort}` : "",
      LABELS: Object.entries(labels)
        .sort()
        .map(([key, value]) => `${key}=${value}`)
        .join(" "),
      TAINTS: taintsOf(pool).join(" "),
    },
    files: [
      { path: "/etc/kubernetes/pki/ca.crt", content: authority.trusted },
      ...kubeletFiles({
        host,
        cluster,
        bootstrapKubeconfig: "/etc/kubernetes/bootstrap-kubelet.conf",
        labels: {},
        taints: pool.taints,
        extraArgs: args.kubeletExtraArgs,
      }),
    ],
    inputs: {
      "bootstrap-kubelet.conf": bootstrapKubeconfig(cluster, endpoint.port, token),
      "issuer.crt": authority.certificate,
    },
  };
}

function bootstrapKubeconfig(cluster: Cluster, port: number, token: string): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: "cluster",
        cluster: { server: `https://${cluster.api.domainName}:${port}`, "certificate-authority": "/etc/kubernetes/pki/ca.crt" },
      },
    ],
    users: [{ name: "bootstrap", user: { token } }],
    contexts: [{ name: "bootstrap", context: { cluster: "cluster", user: "bootstrap" } }],
    "current-context": "bootstrap",
  });
}
