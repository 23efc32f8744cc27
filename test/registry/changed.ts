import assert from "node:assert/strict";
import type { TestCluster } from "../harness/cluster.ts";
import type { LabHost } from "../harness/lab.ts";

// What a cluster runs, and what of it an `up` changed.

/** The process of containerd on each host. */
export const containerdOf = (hosts: readonly LabHost[]): Promise<string[]> =>
  Promise.all(hosts.map((host) => host.sh("systemctl show -p MainPID --value containerd")));

/** Every pod with its container. */
export const containersOf = async (cluster: TestCluster): Promise<string[]> =>
  (await cluster.list("pods -A"))
    .map(({ metadata, status }) => `${metadata.name} ${status.containerStatuses?.[0].containerID}`)
    .sort();

/** What a change of etcd leaves alone, and the files of its members' hosts. */
export async function stateOf(cluster: TestCluster) {
  const members = cluster.withRole("etcd");
  const others = [...cluster.hosts.values()].filter(({ name }) => !members.some((member) => member.name === name));
  const kept = {
    containerd: await containerdOf([...cluster.hosts.values()]),
    // They start again when they lose their lease, as while a cluster's only etcd restarts.
    containers: (await containersOf(cluster)).filter((it) => !/^kube-(controller-manager|scheduler)-/.test(it)),
    logins: await Promise.all(others.map((host) => host.logins())),
    files: await Promise.all(others.map((host) => host.files())),
  };
  return { kept, files: await Promise.all(members.map((host) => host.files())) };
}

/** Every member runs this version; since then nothing changed on other hosts, and on members only files of etcd and of our own record. */
export async function assertEtcdAlone(
  cluster: TestCluster,
  then: Awaited<ReturnType<typeof stateOf>>,
  version: string,
): Promise<void> {
  const members = JSON.parse(await cluster.etcdctl("endpoint status -w json")) as { Status: { version: string } }[];
  assert.deepEqual(
    members.map(({ Status }) => Status.version),
    cluster.withRole("etcd").map(() => version),
  );
  const now = await stateOf(cluster);
  assert.deepEqual(now.kept, then.kept);
  for (const [index, files] of now.files.entries()) {
    const before = then.files[index] ?? new Map<string, string>();
    const changed = [...new Set([...before.keys(), ...files.keys()])].filter((file) => before.get(file) !== files.get(file));
    assert.ok(changed.some((file) => file.startsWith(`/opt/ha-kubernetes/etcd-${version}/`)));
    assert.deepEqual(
      changed.filter((file) => !/etcd|^\/var\/lib\/ha-kubernetes\//.test(file)),
      [],
    );
  }
}
