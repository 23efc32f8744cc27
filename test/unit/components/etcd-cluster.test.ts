import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Cluster,
  type ClusterConfig,
  ClusterPki,
  defineCluster,
  EtcdCluster,
  type Host,
  HostPreparation,
  resolveVersions,
  WorkerPool,
  type WorkerPoolArgs,
} from "../../../components/index.ts";
import { registeredBy, resolved } from "../../harness/graph.ts";
import { clusterOf } from "../../harness/samples.ts";

// etcd alone, as another program makes it: on three hosts, without Kubernetes. And what parts refuse that are given too little.

const cluster: Cluster = defineCluster(clusterOf(1) as Parameters<typeof defineCluster>[0]);
const hosts = [1, 2, 3].map(
  (n): Host => ({
    name: `e${n}`,
    address: `10.0.0.1${n}`,
    connection: { kind: "ssh", host: `10.0.0.1${n}`, port: 22, user: "root" },
    roles: ["etcd"],
    architecture: "amd64",
  }),
);
const { versions } = resolveVersions(cluster);

/** etcd on the hosts, in components of one name. */
function makeEtcd(name: string, given: { born: boolean; reborn?: ReadonlySet<string> }, members = hosts): EtcdCluster {
  const owner = `${name}/0011`;
  const pki = new ClusterPki(`${name}-pki`, { certificates: cluster.certificates });
  const artifacts = { kind: "mirror" as const, location: "https://mirror.test", sha256: sha256OfEtcd };
  const endpoint = { address: "10.0.0.10" };
  const prepared = new HostPreparation(name, { cluster, hosts, owner, versions, artifacts, endpoint, settled: new Set() });
  // No more of the config than it says it reads.
  const { addons, etcd, kubernetesVersion } = cluster;
  return new EtcdCluster(name, {
    cluster: { addons, etcd, kubernetesVersion, hosts: {} },
    hosts: members,
    owner,
    version: versions.etcd,
    pki,
    prepared,
    ...given,
  });
}

const sha256OfEtcd = { [`etcd-${versions.etcd}-linux-amd64.tar.gz`]: "0".repeat(64) };
const command = (name: string) => `command:remote:Command ${name}`;

test("etcd alone has a command for each host, named for the component, and says where its clients find it", async () => {
  const { graph, result } = await registeredBy(() => makeEtcd("blue", { born: false }));
  assert.deepEqual(Object.keys(result.commands), ["e1", "e2", "e3"]);
  for (const host of ["e1", "e2", "e3"]) {
    const etcd = graph.get(command(`blue-etcd-${host}`));
    assert.match(String(etcd?.inputs.create), /BIRTH_BOOTSTRAP=yes/);
    assert.deepEqual(etcd?.inputs.triggers, [1], "what a host of the config has by default");
    assert.ok(etcd?.options.dependencies.some((urn) => urn.endsWith(`::blue-prepare-${host}`)));
    assert.ok(graph.has(`tls:index/locallySignedCert:LocallySignedCert blue-pki-etcd-${host}`));
  }
  assert.deepEqual(await resolved(result.clientUrls), [
    "https://10.0.0.11:2379",
    "https://10.0.0.12:2379",
    "https://10.0.0.13:2379",
  ]);
  assert.equal(await resolved(result.born), true);
});

test("etcd that was born may not be started again, and only a reinstalled member is told the current members", async () => {
  const { graph } = await registeredBy(() => makeEtcd("blue", { born: true, reborn: new Set(["e2"]) }));
  const etcd = (host: string) => graph.get(command(`blue-etcd-${host}`));
  for (const host of ["e1", "e2", "e3"]) assert.match(String(etcd(host)?.inputs.create), /BIRTH_BOOTSTRAP=no/);
  assert.deepEqual(etcd("e1")?.options.ignoreChanges, ["create"]);
  assert.deepEqual(etcd("e2")?.options.ignoreChanges, []);
});

test("etcd of two clusters in one program has no resource in common, though hosts have the same names", async () => {
  const both = await registeredBy(() => [makeEtcd("blue", { born: false }), makeEtcd("green", { born: false })]);
  const alone = await registeredBy(() => makeEtcd("blue", { born: false }));
  assert.equal(both.graph.size, 2 * alone.graph.size);
});

/** That a program fails which is wrong. What it had registered by then is awaited, too. */
const refused = (program: () => unknown, why: RegExp) => registeredBy(() => assert.throws(program, why));

test("etcd without members is refused, rather than recorded as born", async () => {
  await refused(() => makeEtcd("blue", { born: false }, []), /EtcdCluster blue has no members: no host has the role etcd/);
});

test("two keys of one name are refused: that of a host called ca would be the authority's", async () => {
  const [host] = hosts as [Host];
  await refused(() => makeEtcd("blue", { born: false }, [{ ...host, name: "ca" }]), /two keys would be called blue-pki-etcd-ca/);
});

test("a worker pool that the config does not have is refused: it would make no workers", async () => {
  const program = () => new WorkerPool("blue-general", { cluster, hosts } as unknown as WorkerPoolArgs);
  await refused(
    program,
    /WorkerPool blue-general is for pool blue-general, which the config's pools don't have; set its arg `pool`/,
  );
});

test("a misspelled key of a config is an error of types, and refused where there are none", () => {
  const right = clusterOf(1) as ClusterConfig;
  // @ts-expect-error not a key
  assert.throws(() => defineCluster({ ...right, hots: {} }), /cluster\.hots is not a key; did you mean hosts\?/);
});
