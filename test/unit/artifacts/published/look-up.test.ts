import assert from "node:assert/strict";
import { after, test } from "node:test";
import { addonLock } from "../../../../addons/lock.ts";
import { lock } from "../../../../artifacts/lock.ts";
import { asLock, lookable, lookUp, versionsOf } from "../../../../artifacts/published/look-up.ts";
import { awsLock } from "../../../../providers/aws/addons/lock.ts";
import { hashFor, index, Publisher, sha256 } from "../../../harness/publisher.ts";

const publisher = await Publisher.start();
after(() => publisher.close());
const { odd, reach } = publisher;
const locks = [lock, addonLock, awsLock];

test("every part of a cluster and every image of the locks can be looked up", () => {
  const names = lookable(locks);
  assert.deepEqual(
    Object.keys(lock.recommended["1.36"] ?? {}).filter((part) => !names.includes(part)),
    [],
  );
  assert.ok(names.includes("kubernetes") && names.includes("livenessprobe"));
  assert.deepEqual(versionsOf("kube-proxy", locks), versionsOf("kubernetes", locks));
  assert.throws(
    () => versionsOf("kubernets", locks),
    /^Error: there is no part and no image kubernets: it is one of kubernetes, etcd/,
  );
});

test("a version of Kubernetes is three programs for both architectures and four images", async () => {
  const looked = await lookUp("kubernetes", "1.36.77", locks, reach);
  assert.deepEqual(
    looked.map(({ what }) => what),
    [
      ...["kubeadm", "kubelet", "kubectl"].flatMap((name) =>
        ["amd64", "arm64"].map((architecture) => `${name} 1.36.77 for ${architecture}`),
      ),
      ...["apiserver", "controller-manager", "scheduler", "proxy"].map((name) => `image registry.k8s.io/kube-${name}:v1.36.77`),
    ],
  );
  const { files, images } = asLock("1.36.77", looked);
  const at = (architecture: string) => hashFor(`dl.k8s.io/release/v1.36.77/bin/linux/${architecture}/kubelet`);
  assert.deepEqual(files.kubelet, { "1.36.77": { amd64: at("amd64"), arm64: at("arm64") } });
  assert.deepEqual(images["kube-proxy"], { "1.36.77": `sha256:${sha256(index("kube-proxy"))}` });
});

test("other projects publish in other forms", async () => {
  const hashes = async (name: string, version: string) => (await lookUp(name, version, locks, reach)).map(({ hash }) => hash);
  assert.deepEqual(await hashes("etcd", "3.6.99"), [
    hashFor("etcd-v3.6.99-linux-amd64.tar.gz"),
    hashFor("etcd-v3.6.99-linux-arm64.tar.gz"),
  ]);
  assert.deepEqual(await hashes("runc", "1.4.99"), [hashFor("runc.amd64"), hashFor("runc.arm64")]);
  assert.deepEqual(await hashes("livenessprobe", "2.19.9"), [`sha256:${sha256(index("sig-storage/livenessprobe"))}`]);
});

test("what one architecture lacks is unknown for that one alone", async () => {
  odd.set("cdn.dl.k8s.io/release/v1.36.78/bin/linux/arm64/kubeadm.sha256", (_, response) => response.writeHead(404).end());
  const looked = await lookUp("kubernetes", "1.36.78", locks, reach);
  const kubeadm = asLock("1.36.78", looked).files.kubeadm?.["1.36.78"];
  assert.deepEqual(kubeadm, { amd64: hashFor("dl.k8s.io/release/v1.36.78/bin/linux/amd64/kubeadm"), arm64: "unknown" });
  assert.equal(
    looked.find(({ what }) => what === "kubeadm 1.36.78 for arm64")?.note,
    "nothing is published there (HTTP status 404)",
  );
});

test("a program whose project publishes no hash comes with its image", async () => {
  const looked = await lookUp("flannelCni", "1.9.2-flannel1", locks, reach);
  assert.deepEqual(
    looked.map(({ hash, note }) => note ?? hash),
    [
      "its project publishes no hash: hosts take it from image flannel-cni",
      "its project publishes no hash: hosts take it from image flannel-cni",
      `sha256:${sha256(index("flannel-io/flannel-cni-plugin"))}`,
    ],
  );
});

test("an unknown minor version, and a word that names no version, are refused before anybody is asked", async () => {
  const before = publisher.asked.length;
  const minors = Object.keys(lock.recommended).toReversed();
  await assert.rejects(lookUp("kubernetes", "1.99.0", locks, reach), {
    message: `kubernetes 1.99.0 is of a minor version that this release doesn't know: it knows ${minors.join(", ")}`,
  });
  for (const [name, version] of [
    ["etcd", "3.6.1/../x"],
    ["kubernetes", "1.36"],
    ["kubernetes", "1.36.6-rc.1"],
    ["runc", "1.4.09"],
  ])
    await assert.rejects(lookUp(name as string, version as string, locks, reach), /is not a version such as/);
  assert.equal(publisher.asked.length, before);
});
