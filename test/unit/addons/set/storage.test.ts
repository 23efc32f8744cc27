import assert from "node:assert/strict";
import { test } from "node:test";
import { addonObjects, type KubernetesObject } from "../../../../addons/addon.ts";
import { everyAddonOf } from "../../../../addons/registry.ts";
import { setAddonsOf } from "../../../../addons/set/registry.ts";
import { resolveVersions } from "../../../../artifacts/lock.ts";
import { packagesOf } from "../../../../config/packages.ts";
import { ebsCsi } from "../../../../providers/aws/addons/ebs-csi.ts";
import { clusterFrom, metal, type Written } from "../../../harness/samples.ts";

const clusterWith = (addons: Written) => clusterFrom({ ...metal(), kubernetesVersion: "1.36.4", addons });
const share = { server: "10.0.0.9", share: "/srv/pods" };

/** All objects of the set that a config makes, and the names of the images that nodes get for it. */
function made(addons: Written): { objects: KubernetesObject[]; images: string[] } {
  const cluster = clusterWith(addons);
  const { versions } = resolveVersions(cluster);
  const all = setAddonsOf(cluster);
  const objects = all.flatMap((it) => addonObjects(it, { cluster, versions, apiUrl: "https://api.example.com:8443" }) ?? []);
  return { objects, images: all.flatMap((it) => Object.values(it.images(versions)).map(({ name }) => name)).sort() };
}
const named = (objects: readonly KubernetesObject[], kind: string) =>
  objects.filter((it) => it.kind === kind).map(({ metadata }) => metadata.name);
// biome-ignore lint/suspicious/noExplicitAny: an object of the API has any fields
const one = (objects: readonly KubernetesObject[], kind: string, name: string): any =>
  objects.find((it) => it.kind === kind && it.metadata.name === name);

test("a share is a PersistentVolume with the mount's options, and needs no driver and no image", () => {
  const volumes = { shared: { ...share, mountOptions: ["nfsvers=4.2", "noatime"], claim: "web/files" }, other: share };
  const { objects, images } = made({ nfs: { volumes } });
  assert.deepEqual(named(objects, "PersistentVolume"), ["shared", "other"]);
  assert.equal(objects.length, 2);
  assert.deepEqual(images, []);
  const { spec } = one(objects, "PersistentVolume", "shared");
  assert.deepEqual(spec.nfs, { server: "10.0.0.9", path: "/srv/pods" });
  assert.deepEqual(spec.mountOptions, ["nfsvers=4.2", "noatime"]);
  assert.deepEqual([spec.claimRef.namespace, spec.claimRef.name], ["web", "files"]);
  assert.equal(spec.persistentVolumeReclaimPolicy, "Retain");
  assert.equal("claimRef" in one(objects, "PersistentVolume", "other").spec, false);
});

test("a class of NFS brings the driver, and a snapshot class where snapshots are on", () => {
  const classes = { files: { ...share, default: true, onDelete: "archive" } };
  const { objects, images } = made({ nfs: { classes } });
  const { parameters, mountOptions, metadata } = one(objects, "StorageClass", "files");
  assert.deepEqual(parameters, { server: "10.0.0.9", share: "/srv/pods", onDelete: "archive", mountPermissions: "0777" });
  assert.deepEqual(mountOptions, ["nfsvers=4.1", "hard"]);
  assert.equal(metadata.annotations["storageclass.kubernetes.io/is-default-class"], "true");
  assert.deepEqual(named(objects, "Deployment"), ["csi-nfs-controller"]);
  assert.deepEqual(named(objects, "DaemonSet"), ["csi-nfs-node"]);
  assert.ok(images.includes("nfsplugin"));
  const containers = ({ objects: all }: ReturnType<typeof made>) =>
    one(all, "Deployment", "csi-nfs-controller").spec.template.spec.containers.map(({ name }: { name: string }) => name);
  assert.equal(containers({ objects, images }).includes("snapshotter"), false);
  const both = made({ nfs: { classes }, snapshots: true });
  assert.ok(containers(both).includes("snapshotter"));
  assert.equal(one(both.objects, "VolumeSnapshotClass", "nfs").driver, "nfs.csi.k8s.io");
  assert.deepEqual(named(made({ snapshots: true }).objects, "VolumeSnapshotClass"), []);
});

test("Ceph gets the disks of the config and no others; before it goes, its operator stays", () => {
  const disks = { w1: ["/dev/sdb"], m1: ["/dev/sdb", "/dev/sdc"], m2: ["/dev/sdb"] };
  const { objects } = made({ rookCeph: { disks, replicas: 3 }, snapshots: true });
  const { storage } = one(objects, "CephCluster", "rook-ceph").spec;
  assert.equal(storage.useAllNodes || storage.useAllDevices, false);
  assert.deepEqual(storage.nodes, [
    { name: "m1", devices: [{ name: "/dev/sdb" }, { name: "/dev/sdc" }] },
    { name: "m2", devices: [{ name: "/dev/sdb" }] },
    { name: "w1", devices: [{ name: "/dev/sdb" }] },
  ]);
  assert.equal(one(objects, "CephBlockPool", "block").spec.replicated.size, 3);
  const { driver } = one(objects, "VolumeSnapshotClass", "ceph-block");
  assert.equal(one(objects, "StorageClass", "ceph-block").provisioner, driver);
  const removing = { rookCeph: { disks, removing: true } };
  assert.deepEqual(made(removing).objects, []);
  assert.equal(setAddonsOf(clusterWith(removing)).length, 1);
});

test("nodes get the clients of the storage that the config names, and no other host does", () => {
  const cluster = clusterWith({
    nfs: {},
    iscsi: { multipath: true },
    rookCeph: { disks: { m1: ["/dev/sdb"], m2: ["/dev/sdb"], m3: ["/dev/sdb"] }, encrypted: true },
  });
  const clients = ["lvm2", "multipath-tools", "nfs-common", "open-iscsi"];
  const of = (role: "worker" | "control-plane" | "etcd") => packagesOf([role], cluster).filter((it) => clients.includes(it));
  assert.deepEqual(of("worker"), clients);
  assert.deepEqual(of("control-plane"), clients);
  assert.deepEqual(of("etcd"), []);
  assert.deepEqual(
    packagesOf(["worker"], clusterWith({})).filter((it) => clients.includes(it)),
    [],
  );
});

test("the class of EBS is the default where the config names no other", () => {
  const annotations = (addons: Written) => {
    const cluster = clusterWith(addons);
    const args = { cluster, versions: resolveVersions(cluster).versions, apiUrl: "https://api.example.com" };
    return one(addonObjects(ebsCsi({ region: "eu-central-1" }), args) ?? [], "StorageClass", "gp3").metadata.annotations;
  };
  assert.equal(annotations({ nfs: { classes: { files: share } } })["storageclass.kubernetes.io/is-default-class"], "true");
  assert.equal(annotations({ nfs: { classes: { files: { ...share, default: true } } } }), undefined);
  assert.equal(annotations({ localPath: true }), undefined);
});

test("pods of these add-ons ask for resources, have a limit of memory, run images of the lock, and their selectors find them", () => {
  const disks = { m1: ["/dev/sdb"], m2: ["/dev/sdb"], m3: ["/dev/sdb"] };
  const addons = {
    nfs: { classes: { files: share } },
    rookCeph: { disks },
    snapshots: true,
    nodeLocalDns: {},
    nodeProblemDetector: true,
    headlamp: {},
  };
  const cluster = clusterWith(addons);
  const { versions } = resolveVersions(cluster);
  const images = everyAddonOf(cluster).flatMap((it) => Object.values(it.images(versions)).map(({ reference }) => reference));
  const { objects } = made(addons);
  // biome-ignore lint/suspicious/noExplicitAny: an object of the API has any fields
  const workloads: any[] = objects.filter(({ kind }) => kind === "Deployment" || kind === "DaemonSet");
  assert.equal(workloads.length, 6);
  for (const { kind, metadata, spec } of workloads) {
    const { containers, priorityClassName, serviceAccountName } = spec.template.spec;
    for (const { image, name, resources } of containers) {
      assert.ok(images.includes(image), `${metadata.name} ${name} runs ${image}`);
      assert.ok(resources.requests.cpu && resources.requests.memory && resources.limits.memory, `${metadata.name} ${name}`);
    }
    for (const [key, value] of Object.entries(spec.selector.matchLabels))
      assert.equal(spec.template.metadata.labels[key], value, metadata.name);
    assert.ok(one(objects, "ServiceAccount", serviceAccountName), `${metadata.name} has no account`);
    const isSpare = kind === "Deployment" && spec.replicas > 1;
    if (isSpare) assert.ok(one(objects, "PodDisruptionBudget", metadata.name), `${metadata.name} has no budget`);
    if (metadata.namespace === "kube-system") assert.match(priorityClassName, /^system-/);
  }
});
