import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import {
  Addons,
  ApiLoadBalancer,
  adminKubeconfig,
  type ClusterConfig,
  ClusterPki,
  ControlPlane,
  createInfrastructure,
  defineCluster,
  EtcdCluster,
  endpointUrl,
  HostPreparation,
  Leaving,
  NodesReady,
  readHistory,
  recordedAfter,
  refuseMissingArtifacts,
  resolveVersions,
  WorkerPool,
} from "ha-kubernetes";

// Two clusters on hosts that exist already, in one program and one stack. Each component has the name of its cluster, and so has
// every resource below it: blue-etcd-m1, green-etcd-m1. A program of your own may leave out or replace any part.

const config = new pulumi.Config();
const written = config.requireObject<Record<"blue" | "green", ClusterConfig>>("clusters");

async function createCluster(name: string, clusterConfig: ClusterConfig) {
  const cluster = defineCluster(clusterConfig);
  const secrets = { sshPrivateKey: config.requireSecret(`${name}SshPrivateKey`) };
  // What the last `up` left in the output of this name.
  const history = await readHistory(cluster, name);
  const { balancers, born, joins, movesApi, path, reborn, restores, settled } = history;
  // Before anything is made: hosts must find every file that they will take.
  refuseMissingArtifacts(cluster, path);
  const { artifacts, endpoint, hosts, kubeletExtraArgs } = await createInfrastructure({ cluster, secrets, path });
  const { versions } = resolveVersions(cluster);
  const id = new random.RandomId(name, { byteLength: 4 });
  const owner = pulumi.interpolate`${cluster.name}/${id.hex}`;

  const pki = new ClusterPki(name, { certificates: cluster.certificates });
  const authority = pki.authority("kubernetes");
  const prepared = new HostPreparation(name, { cluster, hosts, owner, versions, artifacts, endpoint, settled });
  const etcd = new EtcdCluster(name, { cluster, hosts, owner, version: versions.etcd, pki, prepared, born, reborn, restores });
  const controlPlane = new ControlPlane(name, {
    ...{ cluster, hosts, owner, endpoint, pki, etcd, prepared, path, artifacts, kubeletExtraArgs },
  });
  const balancer = new ApiLoadBalancer(name, {
    ...{ cluster, hosts, owner, endpoint, prepared, controlPlane, born, balancers },
    ...{ pki, authority: authority.trusted },
  });
  const addons = new Addons(name, {
    cluster,
    hosts,
    owner,
    endpoint,
    versions,
    prepared,
    controlPlane,
    balancer,
    born,
    movesApi,
  });
  const pools = Object.keys(cluster.pools).map(
    (pool) =>
      new WorkerPool(`${name}-${pool}`, {
        ...{ pool, cluster, hosts, owner, endpoint, authority, kubeletExtraArgs, prepared, controlPlane, balancer, born, joins },
      }),
  );
  const ready = new NodesReady(name, { cluster, hosts, controlPlane, after: [addons, balancer, ...pools] });
  new Leaving(name, { hosts, owner, after: [addons, balancer, ...pools, ready] });

  return {
    kubeconfig: adminKubeconfig({ pki, name: cluster.name, endpoint }),
    // What the next `up` reads.
    apiEndpoint: endpointUrl(endpoint),
    recorded: recordedAfter(history, [etcd, controlPlane, ...pools, balancer, addons], prepared),
    etcdBorn: etcd.born,
  };
}

export const blue = await createCluster("blue", written.blue);
export const green = await createCluster("green", written.green);
