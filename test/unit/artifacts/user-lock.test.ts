import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { lock } from "../../../artifacts/lock.ts";
import { contradictions, readUserLock, strangers, type UserLock, withUserLock } from "../../../artifacts/user-lock.ts";
import { awsLock } from "../../../providers/aws/addons/lock.ts";
import { scratch } from "../../harness/scratch.ts";

const [one, other] = ["ab".repeat(32), "cd".repeat(32)];
const user = (more: Partial<UserLock>): UserLock => ({ files: {}, images: {}, recommended: {}, ...more });
const both = { amd64: one, arm64: other };

function read(text: string) {
  const path = join(scratch(), "lock.json");
  writeFileSync(path, text);
  return readUserLock(path);
}

test("a user's lock that is not there is empty; one that can't be read says why, and counts as empty", () => {
  assert.deepEqual(readUserLock(join(scratch(), "none")), { lock: user({}) });
  assert.match(read("{").fault ?? "", /^can't be read as JSON: /);
  assert.equal(read('{"files":{"runc":{"1.4.4":{"amd64":"ab"}}}}').fault, "files.runc.1.4.4.amd64: 64 hex digits, or unknown");
  assert.match(read('{"file":{}}').fault ?? "", /Unrecognized key: "file"/);
  assert.deepEqual(read('{"files":{"runc":{"1.4.4":{"arm64":"unknown"}}}}').lock.files.runc?.["1.4.4"], {
    amd64: "unknown",
    arm64: "unknown",
  });
});

test("it adds patch versions, and hashes that were unknown; known ones stay", () => {
  const { files, images } = withUserLock(
    lock,
    user({ files: { runc: { "1.4.4": both, "1.4.3": both } }, images: { "kube-proxy": { "1.36.3": `sha256:${one}` } } }),
  );
  assert.deepEqual(files.runc.sha256, { ...lock.files.runc.sha256, "1.4.4": both });
  assert.equal(images["kube-proxy"].digests["1.36.3"], `sha256:${one}`);
  assert.deepEqual(withUserLock(lock, user({})), lock);
});

test("it adds no minor version, and no file that no lock has", () => {
  const merged = withUserLock(lock, user({ files: { runc: { "1.9.0": both }, other: { "1.0.0": both } } }));
  assert.deepEqual(merged.files, lock.files);
});

test("a version is one of all files and images of its part: a hash that is left out is unknown", () => {
  const { files, images } = withUserLock(lock, user({ files: { kubelet: { "1.36.77": both } } }));
  assert.deepEqual(files.kubectl.sha256["1.36.77"], { amd64: "unknown", arm64: "unknown" });
  assert.equal(images["kube-apiserver"].digests["1.36.77"], "unknown");
  assert.equal(files.etcd.sha256["1.36.77"], undefined);
});

test("it chooses what goes with a minor version of Kubernetes, of parts and of add-ons, where the hashes are known", () => {
  const chosen = user({
    files: { crictl: { "1.36.1": both } },
    images: { "cluster-autoscaler": { "1.36.9": `sha256:${one}` } },
    recommended: { "1.36": { crictl: "1.36.1", "cluster-autoscaler": "1.36.9", pause: "3.10.77" } },
  });
  const { recommended } = withUserLock(lock, chosen);
  assert.equal(recommended["1.36"]?.crictl, "1.36.1");
  assert.equal(recommended["1.36"]?.pause, "3.10.2");
  assert.equal(recommended["1.35"]?.crictl, "1.36.0");
  assert.equal(withUserLock(awsLock, chosen).versions?.["1.36"]?.["cluster-autoscaler"], "1.36.9");
  assert.equal("cluster-autoscaler" in (recommended["1.36"] ?? {}), false);
  assert.deepEqual(contradictions(lock, chosen), ["recommended 1.36 names pause 3.10.77, of which no hash is known"]);
  assert.deepEqual(contradictions(awsLock, chosen), []);
});

test("a value that contradicts a known one is named with both; an equal or unknown one is not", () => {
  const { amd64 = "", arm64 = "" } = lock.files.runc.sha256["1.4.3"] ?? {};
  const pause = lock.images.pause.digests["3.10.2"];
  const wrong = user({
    files: { runc: { "1.4.3": { amd64, arm64: other } } },
    images: { pause: { "3.10.2": `sha256:${one}` }, "kube-proxy": { "1.36.3": `sha256:${one}` } },
  });
  assert.deepEqual(contradictions(lock, wrong), [
    `runc 1.4.3 for arm64 is ${other}, and artifacts/lock.json has ${arm64}`,
    `image pause 3.10.2 is sha256:${one}, and artifacts/lock.json has ${pause}`,
  ]);
  assert.deepEqual(contradictions(lock, user({ files: { runc: { "1.4.3": { amd64, arm64: "unknown" } } } })), []);
});

test("a version that no config can name is named and not taken; that of a dropped minor version is not", () => {
  const wrong = user({
    files: { kubelet: { "1.36.6-rc.1": both, "1.36": both, "1.20.1": both }, runc: { "1.4.09": both }, etcd: { "3.8.1": both } },
    images: { coredns: { "1.14.02": `sha256:${one}` } },
  });
  assert.deepEqual(contradictions(lock, wrong), [
    "kubelet 1.36.6-rc.1 is not a version such as 1.37.2",
    "kubelet 1.36 is not a version such as 1.37.2",
    "runc 1.4.09 is not a version such as 1.5.3",
    "etcd 3.8.1 is of a minor version that this release doesn't know: it knows 3.6, 3.7",
    "image coredns 1.14.02 is not a version such as 1.14.6",
  ]);
  assert.deepEqual(withUserLock(lock, wrong), lock);
});

test("names that no lock has are named, those that every object inherits, too", () => {
  const wrong = user({
    files: { constructor: { "1.0.0": both } },
    images: { flannl: { "0.28.9": `sha256:${one}` }, constructor: { "1.0.0": `sha256:${one}` }, "cluster-autoscaler": {} },
    recommended: {
      "1.36": { etdc: "3.6.14", "flannel-cni": "1.9.1-flannel1", "cluster-autoscaler": "1.36.1" },
      "1.99": {},
      "1.20": {},
    },
  });
  assert.deepEqual(contradictions(lock, wrong), []);
  const said = strangers(wrong, [lock, awsLock]).map((text) => text.split(":")[0]);
  assert.deepEqual(said, [
    "files has constructor, and there is no file of that name",
    "images has flannl, and there is no image of that name",
    "images has constructor, and there is no image of that name",
    "recommended 1.36 names etdc, and nothing reads that",
    "recommended 1.36 names flannel-cni, and nothing reads that",
    "recommended has 1.99, and this release knows 1.34, 1.35, 1.36, 1.37",
  ]);
  assert.deepEqual(withUserLock(lock, wrong), lock);
});
