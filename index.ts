import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { resolveVersions } from "./artifacts/lock.ts";
import { Addons } from "./components/addons.ts";
import { ApiLoadBalancer } from "./components/api-load-balancer.ts";
import { ClusterPki } from "./components/cluster-pki.ts";
import { ControlPlane } from "./components/control-plane.ts";
import { CustomAddons, customAddons } from "./components/custom-addons.ts";
import { EtcdCluster } from "./components/etcd-cluster.ts";
import { readHistory, recordedAfter } from "./components/history.ts";
import { HostPreparation } from "./components/host-preparation.ts";
import { Leaving } from "./components/leaving.ts";
import { Maintenance } from "./components/maintenance.ts";
import { NodesReady } from "./components/nodes-ready.ts";
import { adminKubeconfig, certificateExpiry, endpointUrl } from "./components/outputs.ts";
import { WorkerPool } from "./components/worker-pool.ts";
import { loadCluster } from "./config/load.ts";
import { readLogins } from "./config/logins.ts";
import { readSecretFiles } from "./config/secret-files.ts";
import { refuseMissingArtifacts } from "./providers/artifacts.ts";
import { createInfrastructure, known } from "./providers/index.ts";

// Typed config, then hosts, then the components in the order in which a cluster comes to life.
const { cluster, secrets } = loadCluster(known);
const history = await readHistory(cluster);
const { balancers, born, joins, movesApi, path, reborn, restores, settled } = history;
refuseMissingArtifacts(cluster, path);
const custom = await customAddons(cluster);
const infrastructure = await createInfrastructure({ cluster, secrets, path, knownHosts: settled });
const { addons: providerAddons, artifacts, backupBucket, endpoint, joinTokens, kubeletExtraArgs, scaledPools } = infrastructure;
const { versions: parts } = resolveVersions(cluster);
const id = new random.RandomId("cluster", { byteLength: 4 });
const mark = pulumi.interpolate`${cluster.name}/${id.hex}`;
const pki = new ClusterPki("pki", { certificates: cluster.certificates });
const authority = pki.authority("kubernetes");

// What they are about: these hosts, which carry the mark of this cluster.
const of = { cluster, hosts: infrastructure.hosts, owner: mark };
const logins = { registries: secrets.registryLogins?.apply(readLogins), proxy: secrets.proxyLogin };
const prepared = new HostPreparation("hosts", { ...of, artifacts, endpoint, providerAddons, settled, versions: parts, logins });
const etcd = new EtcdCluster("etcd", {
  ...of,
  version: parts.etcd,
  ...{ pki, prepared, born, reborn, restores, backupBucket, backupSshKey: secrets.backupSshPrivateKey },
});
const controlPlane = new ControlPlane("control-plane", {
  ...of,
  ...{ endpoint, pki, etcd, prepared, path, artifacts, kubeletExtraArgs },
  secretFiles: secrets.files?.apply(readSecretFiles),
});
const balancer = new ApiLoadBalancer("api", {
  ...{ ...of, endpoint, prepared, controlPlane, born, balancers },
  ...{ pki, authority: authority.trusted },
  routingPassword: secrets.routingPassword,
  statisticsPassword: secrets.statisticsPassword,
});
const admitted = { endpoint, prepared, controlPlane, balancer, born };
const addons = new Addons("addons", { ...of, ...admitted, versions: parts, providerAddons, joinTokens, movesApi });
const pools = Object.keys(cluster.pools).map(
  (pool) => new WorkerPool(pool, { ...of, ...admitted, authority, kubeletExtraArgs, joins, scaled: scaledPools?.[pool] }),
);
const ready = new NodesReady("nodes", { ...of, controlPlane, after: [addons, balancer, ...pools] });
const made = [addons, balancer, ...pools, ready];
if (cluster.maintenance) new Maintenance("maintenance", { ...of, prepared, settled, after: made });
const leaving = new Leaving("leaving", { ...of, after: made });
if (custom.length > 0) new CustomAddons("custom-addons", { ...of, pki, addons: custom, after: [leaving, ...made] });

export const kubeconfig = adminKubeconfig({ pki, name: cluster.name, endpoint });
export const apiEndpoint = endpointUrl(endpoint);
export const hosts = Object.fromEntries(infrastructure.hosts.map(({ name, address, roles }) => [name, { address, roles }]));
export const versions = parts;
export const certificates = certificateExpiry(pki, etcd.validUntil, controlPlane.validUntil);
// The engine warns of an output that is undefined.
export const statistics = balancer.statistics ?? null;
export const owner = mark;
export const recorded = recordedAfter(history, [etcd, controlPlane, ...pools, balancer, addons], prepared);
export const etcdBorn = etcd.born;
