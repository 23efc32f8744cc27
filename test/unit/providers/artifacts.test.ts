import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { addonLock } from "../../../addons/lock.ts";
import { lock } from "../../../artifacts/lock.ts";
import { parseCluster } from "../../../config/parse.ts";
import { problemText } from "../../../config/problems.ts";
import { artifactProblems, refuseMissingArtifacts } from "../../../providers/artifacts.ts";
import { known } from "../../../providers/index.ts";
import { aws, lab, metal, type Written } from "../../harness/samples.ts";
import { scratch } from "../../harness/scratch.ts";

const folder = scratch();

function problems(config: Written, path?: string[]): string[] {
  const parsed = parseCluster(config, known);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return artifactProblems(parsed.cluster, path).map((it) => problemText(it).replaceAll("\n    ", " | "));
}

const bundle = (manifest: string) => ({ ...metal(), artifacts: { source: "bundle", manifest: join(folder, manifest) } });

const at = (kubernetesVersion: string, more: Written = {}) => ({ ...metal(), kubernetesVersion, ...more });
/** The hash of a part in the lock is unknown during a test. */
function forget(t: TestContext, hashes: Readonly<Record<string, string>>, ...keys: string[]): void {
  const before = { ...hashes };
  t.after(() => Object.assign(hashes, before));
  for (const key of keys) Object.assign(hashes, { [key]: "unknown" });
}

test("official files whose hash nobody knows are refused before anything runs, each cause once; the lab builds its own", () => {
  assert.deepEqual(problems(at("1.36.3")), [
    "cluster.kubernetesVersion is 1.36.3, and no published hash is known of image registry.k8s.io/kube-proxy:v1.36.3 | allowed: versions whose hashes are all known; of Kubernetes these are 1.35.4, 1.36.1, 1.36.4 | cure: npm run lock -- add kubernetes 1.36.3 asks its project for them; or use artifacts.source: bundle, which needs none (docs/artifacts.md)",
  ]);
  const parsed = parseCluster(at("1.36.3"), known);
  assert.ok(parsed.ok);
  assert.throws(() => refuseMissingArtifacts(parsed.cluster), /nothing was touched \(1 problem\)/);
  assert.deepEqual(problems(lab()), []);
});

test("a cluster that names no version takes one that is whole, from a mirror of official files too", () => {
  for (const artifacts of [{}, { source: "mirror", location: "https://m.example.com" }]) {
    const { kubernetesVersion: _, ...config } = metal();
    assert.deepEqual(problems({ ...config, artifacts }), []);
    assert.deepEqual(problems({ ...aws(), kubernetesVersion: undefined, artifacts }), []);
  }
});

test("an unknown hash is said at the key of its part, for the architectures and roles of the config's hosts alone", (t) => {
  forget(t, lock.files.etcd.sha256["3.6.14"] as Record<string, string>, "arm64");
  forget(t, lock.images.pause.digests, "3.10.2");
  assert.deepEqual(
    problems(at("1.36.4")).map((text) => text.split(" | ")[0]),
    ["cluster.artifacts.source is official, and no published hash is known of image registry.k8s.io/pause:3.10.2"],
  );
  const config = at("1.36.4");
  config.hosts.m1.architecture = "arm64";
  assert.deepEqual(
    problems(config).map((text) => text.split(" | ")[0]),
    [
      "cluster.versions.etcd is 3.6.14, and no published hash is known of etcd for arm64",
      "cluster.artifacts.source is official, and no published hash is known of image registry.k8s.io/pause:3.10.2",
    ],
  );
});

test("an unknown hash of an add-on is said at the key that turns it on, and its own image is looked up", (t) => {
  forget(t, addonLock.images["kube-network-policies"]?.digests ?? {}, "0.8.0");
  const found = problems(at("1.36.4", { addons: { networkPolicies: true } }));
  assert.equal(found.length, 1);
  assert.match(found[0] ?? "", /^cluster\.addons\.networkPolicies is on, .* of image registry\.k8s\.io\/networking\//);
  assert.match(found[0] ?? "", /cure: npm run lock -- add kube-network-policies 0\.8\.0 asks/);
});

test("a bundle is a cure of what can be built; of other versions it is one once their modules are pinned", (t) => {
  forget(t, lock.files.kubelet.sha256["1.36.4"] as Record<string, string>, "amd64");
  forget(t, lock.files.runc.sha256["1.5.3"] as Record<string, string>, "amd64");
  const cures = problems(at("1.36.4", { versions: { runc: "1.5.3" } })).map((text) => text.split("; or ")[1]);
  assert.deepEqual(cures, [
    "use artifacts.source: bundle, which needs none (docs/artifacts.md)",
    "use artifacts.source: bundle once npm run pin -- kubernetes 1.36.4 has pinned what it is built from (docs/artifacts.md)",
  ]);
});

test("an unknown hash of a version on the way is said at upgradePath, and only for files that are taken on the way", (t) => {
  forget(t, lock.images["kube-proxy"].digests, "1.35.4");
  assert.deepEqual(problems(at("1.36.4"), ["1.35.4"]), []);
  forget(t, lock.files.kubelet.sha256["1.35.4"] as Record<string, string>, "amd64");
  const [problem = "", ...more] = problems(at("1.36.4"), ["1.35.4"]);
  assert.match(
    problem,
    /^cluster\.upgradePath goes by way of 1\.35\.4, and no published hash is known of kubelet for amd64 \|.*add kubernetes 1\.35\.4/,
  );
  assert.deepEqual(more, []);
});

test("a manifest that is missing, none, or of other files is refused with its path", () => {
  writeFileSync(join(folder, "text.json"), "none");
  writeFileSync(join(folder, "empty.json"), '{"files":{}}');
  assert.match(
    problems(bundle("absent.json")).join(),
    /^cluster\.artifacts\.manifest can't be used: \S+absent\.json can't be read/,
  );
  assert.match(problems(bundle("text.json")).join(), /text\.json can't be read as JSON/);
  assert.match(
    problems(bundle("empty.json"))[0] ?? "",
    /^cluster\.artifacts\.manifest has no containerd-\S+, .*pause.* \| cure: npm run bundle -- --kubernetes-version \d\S+ makes every file/,
  );
  const other = { ...bundle("empty.json"), kubernetesVersion: "1.35.4", versions: { etcd: "3.6.16" } };
  assert.match(
    problems(other, ["1.34.4"]).join(),
    /cure: npm run bundle -- --kubernetes-version 1\.34\.4 --kubernetes-version 1\.35\.4 --version etcd=3\.6\.16 makes every file/,
  );
});

test("a bundle that has all of a cluster's files is taken, of its own versions alone", () => {
  const versions: Record<string, string> = { ...lock.recommended["1.36"], kubernetes: "1.36.3" };
  const files: Record<string, { sha256: string }> = {};
  for (const name of Object.keys(lock.files))
    for (const version of Object.keys(lock.files[name as keyof typeof lock.files].sha256))
      for (const end of ["", ".tar", ".tar.gz"]) files[`${name}-${version}-linux-amd64${end}`] = { sha256: "ab".repeat(32) };
  for (const [group, name] of Object.entries({
    "control-plane": "kubernetes",
    "kube-proxy": "kubernetes",
    flannel: "flannel",
    coredns: "coredns",
    pause: "pause",
  }))
    files[`images-${group}-${versions[name]}-linux-amd64.tar`] = { sha256: "ab".repeat(32) };
  writeFileSync(join(folder, "whole.json"), JSON.stringify({ files }));
  assert.deepEqual(problems(bundle("whole.json")), []);
  assert.match(problems(bundle("whole.json"), ["1.35.4"]).join(), /has no images-control-plane-1\.35\.4/);
  // Graviton machines take the other architecture's.
  const graviton = {
    ...aws(),
    artifacts: { source: "mirror", location: "https://m.example.com", manifest: join(folder, "whole.json") },
  };
  assert.deepEqual(problems(graviton), []);
  graviton.aws.machines = { worker: { instanceType: "m7g.large" } };
  assert.match(problems(graviton).join(), /has no containerd-\S+-linux-arm64/);
});
