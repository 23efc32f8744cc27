import assert from "node:assert/strict";
import type { TestCluster } from "./cluster.ts";
import type { LabHost } from "./lab.ts";
import { eventually } from "./process.ts";

// Which versions the parts of a cluster run, asked of each part itself.

/** Kubelet versions by Node, each with a leading v. */
export async function kubeletVersions(cluster: TestCluster): Promise<Record<string, string>> {
  const nodes = await cluster.list("nodes");
  return Object.fromEntries(nodes.map(({ metadata, status }) => [metadata.name, status.nodeInfo.kubeletVersion]));
}

/** All versions of container runtimes in the cluster, such as containerd://2.3.4. */
export async function runtimeVersions(cluster: TestCluster): Promise<Set<string>> {
  const nodes = await cluster.list("nodes");
  return new Set(nodes.map(({ status }) => status.nodeInfo.containerRuntimeVersion));
}

/** Apiserver versions by host, each with a leading v, asked on the host itself. */
export async function apiserverVersions(controlPlanes: readonly LabHost[]): Promise<Record<string, string>> {
  const versions = controlPlanes.map(async (host) => {
    const said = await host.sh(`curl -sf --cacert /etc/kubernetes/pki/ca.crt https://${host.address}:6443/version`);
    return [host.name, JSON.parse(said).gitVersion] as const;
  });
  return Object.fromEntries(await Promise.all(versions));
}

/** Waits until the cluster is settled, and asserts that every part of it has these versions. */
export async function assertVersions(cluster: TestCluster, kubernetes: string, etcd: string): Promise<void> {
  const controlPlanes = cluster.withRole("control-plane");
  const version = `v${kubernetes}`;
  const all = (hosts: readonly LabHost[]) => Object.fromEntries(hosts.map(({ name }) => [name, version]));
  await cluster.settled();
  assert.deepEqual(await kubeletVersions(cluster), all([...controlPlanes, ...cluster.withRole("worker")]));
  assert.deepEqual(await apiserverVersions(controlPlanes), all(controlPlanes));
  await eventually(`every kube-proxy to be ${version}`, 180, async () => {
    const proxies = await cluster.list("pods -n kube-system -l k8s-app=kube-proxy");
    const tags = proxies.map(({ spec }) => spec.containers[0].image.split(":").at(-1));
    assert.deepEqual(
      tags,
      [...cluster.hosts.keys()].map(() => version),
    );
    return true;
  });
  const status = JSON.parse(await cluster.etcdctl("endpoint status -w json"));
  assert.deepEqual(
    status.map(({ Status }: { Status: { version: string } }) => Status.version),
    [etcd, etcd, etcd],
  );
  const config = (await cluster.get("configmap kubeadm-config -n kube-system")).data.ClusterConfiguration;
  assert.match(config, new RegExp(`${version}\\b`));
}

/** When a host's programs last started, in seconds since 1970; 0 for a program that does not run. All lab hosts share one clock. */
export async function startsOf(host: LabHost): Promise<{ etcd: number; apiserver: number; kubelet: number }> {
  const of = async (program: string) =>
    Number(
      await host.sh(`pid=$(pgrep -o -x ${program}) || { echo 0; exit; }; echo $(($(date +%s) - $(ps -o etimes= -p "$pid")))`),
    );
  return { etcd: await of("etcd"), apiserver: await of("kube-apiserver"), kubelet: await of("kubelet") };
}
