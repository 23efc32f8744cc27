import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { resolveVersions } from "./artifacts/lock.ts";
import { Addons } from "./components/addons.ts";
import { ApiLoadBalancer } from "./components/api-load-balancer.ts";
import { ClusterPki } from "./components/cluster-pki.ts";
import type { ClusterContext } from "./components/context.ts";
import { ControlPlane } from "./components/control-plane.ts";
import { EtcdCluster } from "./components/etcd-cluster.ts";
import { readHistory, recordedAfter } from "./components/history.ts";
import { HostPreparation } from "./components/host-preparation.ts";
import { Leaving } from "./components/leaving.ts";
import { NodesReady } from "./components/nodes-ready.ts";
import { adminKubeconfig, certificateExpiry } from "./components/outputs.ts";
import { WorkerPool } from "./components/worker-pool.ts";
import { loadCluster } from "./config/load.ts";
import { refuseMissingArtifacts } from "./providers/artifacts.ts";
import { createInfrastructure, known } from "./providers/index.ts";

// Typed config, then hosts, then the components in the order in which a cluster comes to life.
const { cluster, secrets } = loadCluster(known);
const history = await readHistory(cluster);
refuseMissingArtifacts(cluster, history.path);
const infrastructure = await createInfrastructure({ cluster, secrets, path: history.path });
const id = new random.RandomId("cluster", { byteLength: 4 });
const pki = new ClusterPki("pki", { certificates: cluster.certificates });
const context: ClusterContext = {
  cluster,
  infrastructure,
  owner: pulumi.interpolate`${cluster.name}/${id.hex}`,
  pki,
  ...resolveVersions(cluster),
  ...history,
};

const { commands: prepared } = new HostPreparation("hosts", context);
const etcd = new EtcdCluster("etcd", context, { prepared, backupSshKey: secrets.backupSshPrivateKey });
const controlPlane = new ControlPlane("control-plane", context, { prepared, etcd });
const balancer = new ApiLoadBalancer("api", context, { prepared, controlPlane });
const addons = new Addons("addons", context, { controlPlane, balancer, prepared });
const pools = Object.keys(cluster.pools).map((pool) => new WorkerPool(pool, context, { prepared, controlPlane, balancer }));
const stages = [etcd, ...pools, balancer, addons].flatMap(({ commands }) => commands);
const ready = new NodesReady("nodes", context, { controlPlane, after: [addons, balancer, ...pools] });
new Leaving("leaving", context, { after: [addons, balancer, ...pools, ready] });

export const kubeconfig = adminKubeconfig(context);
export const apiEndpoint = pulumi.interpolate`https://${infrastructure.endpoint.address}:${infrastructure.endpoint.port}`;
export const hosts = Object.fromEntries(infrastructure.hosts.map(({ name, address, roles }) => [name, { address, roles }]));
export const versions = context.versions;
export const certificates = certificateExpiry(pki, etcd.validUntil, controlPlane.validUntil);
export const statistics = balancer.statistics;
export const owner = context.owner;
export const recorded = recordedAfter(history, [...stages, ...Object.values(controlPlane.commands)]);
export const etcdBorn = etcd.born;
