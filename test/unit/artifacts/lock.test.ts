import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type BundleSource, originOf, wantedFiles } from "../../../artifacts/bundle-plan.ts";
import { knownVersions } from "../../../artifacts/known-versions.ts";
import { type FileName, lock, lockedFile, officialSha256, resolveVersions } from "../../../artifacts/lock.ts";
import { buildOfFile, canBuild } from "../../../artifacts/recipes.ts";

const versionsOf = (kubernetesVersion: string, versions = {}) =>
  resolveVersions({ kubernetesVersion, versions } as never).versions;

describe("the lock", () => {
  it("holds a whole SHA-256 or the word unknown for every file", () => {
    for (const [name, { sha256 }] of Object.entries(lock.files)) {
      for (const [version, hashes] of Object.entries(sha256)) {
        assert.deepEqual(Object.keys(hashes), ["amd64", "arm64"], `${name} ${version}`);
        for (const hash of Object.values(hashes)) assert.match(hash, /^([0-9a-f]{64}|unknown)$/, `${name} ${version}`);
      }
    }
  });

  it("never has one hash for two files", () => {
    const hashes = Object.values(lock.files).flatMap(({ sha256 }) => Object.values(sha256).flatMap((it) => Object.values(it)));
    const known = hashes.filter((hash) => hash !== "unknown");
    assert.equal(new Set(known).size, known.length);
  });

  it("holds a digest or the word unknown for every image", () => {
    for (const [name, { digests }] of Object.entries(lock.images)) {
      for (const digest of Object.values(digests)) assert.match(digest, /^(sha256:[0-9a-f]{64}|unknown)$/, name);
    }
  });

  it("goes with folders that can build each version of Kubernetes that can be built, with what it recommends", () => {
    for (const kubernetes of knownVersions().whole.built) {
      for (const item of wantedFiles(versionsOf(kubernetes), "arm64", "build"))
        assert.equal(originOf(item, "build", false), "built");
    }
  });

  it("has the versions that each Kubernetes version needs", () => {
    const { etcd, coredns } = versionsOf("1.37.2");
    assert.deepEqual([etcd, coredns], ["3.7.3", "1.14.6"]);
    assert.equal(versionsOf("1.36.3").pause, "3.10.2");
    assert.equal(versionsOf("1.35.4").pause, "3.10.1");
    assert.equal(versionsOf("1.35.4").coredns, "1.13.1");
  });
});

describe("versions of a cluster", () => {
  it("are the recommended ones, except those that the config names", () => {
    const { versions } = resolveVersions({
      kubernetesVersion: "1.36.3",
      versions: { etcd: "3.6.13", runc: undefined },
    } as never);
    assert.deepEqual(versions, {
      kubernetes: "1.36.3",
      etcd: "3.6.13",
      containerd: "2.3.4",
      runc: "1.4.3",
      cniPlugins: "1.9.1",
      flannel: "0.28.4",
      flannelCni: "1.9.1-flannel1",
      coredns: "1.14.2",
      pause: "3.10.2",
      crictl: "1.36.0",
    });
  });

  it("are refused by name if the lock lacks one", () => {
    assert.throws(() => versionsOf("1.36.9"), {
      message: "Kubernetes version 1.36.9 is not in artifacts/lock.json; it has 1.34.4, 1.35.4, 1.36.1, 1.36.3, 1.36.4, 1.37.2",
    });
    assert.throws(() => versionsOf("1.36.3", { etcd: "3.5.0" }), {
      message: "etcd version 3.5.0 is not in artifacts/lock.json; it has 3.6.13, 3.6.14, 3.6.16, 3.7.3",
    });
    assert.throws(() => lockedFile("runc", "constructor", "amd64"), {
      message: "artifact runc version constructor is not in artifacts/lock.json; it has 1.5.3, 1.4.4, 1.4.3",
    });
  });
});

describe("official files", () => {
  const official: [FileName, string, string][] = [
    ["kubelet", "1.36.3", "https://dl.k8s.io/release/v1.36.3/bin/linux/arm64/kubelet"],
    ["etcd", "3.6.14", "https://github.com/etcd-io/etcd/releases/download/v3.6.14/etcd-v3.6.14-linux-arm64.tar.gz"],
    [
      "containerd",
      "2.3.4",
      "https://github.com/containerd/containerd/releases/download/v2.3.4/containerd-2.3.4-linux-arm64.tar.gz",
    ],
    ["runc", "1.4.3", "https://github.com/opencontainers/runc/releases/download/v1.4.3/runc.arm64"],
    [
      "cni-plugins",
      "1.9.1",
      "https://github.com/containernetworking/plugins/releases/download/v1.9.1/cni-plugins-linux-arm64-v1.9.1.tgz",
    ],
    [
      "crictl",
      "1.36.0",
      "https://github.com/kubernetes-sigs/cri-tools/releases/download/v1.36.0/crictl-v1.36.0-linux-arm64.tar.gz",
    ],
  ];
  for (const [name, version, url] of official) {
    it(`${name} has the URL at which its project publishes it`, () => {
      const locked = lockedFile(name, version, "arm64");
      assert.equal(locked.url, url);
      assert.match(officialSha256(locked), /^[0-9a-f]{64}$/);
    });
  }

  it("are refused if their hash is unknown", () => {
    assert.throws(() => officialSha256({ ...lockedFile("runc", "1.4.3", "amd64"), sha256: "unknown" }), {
      message:
        "the official SHA-256 of runc 1.4.3 (https://github.com/opencontainers/runc/releases/download/v1.4.3/runc.amd64) is unknown: npm run lock -- add runc 1.4.3 looks it up; or use a bundle",
    });
  });
});

describe("the origin of a bundle's file", () => {
  const wanted = wantedFiles(versionsOf("1.36.3"), "amd64", "auto");
  const origins = (source: BundleSource, online: boolean) => new Set(wanted.map((item) => originOf(item, source, online)));
  const runc = lockedFile("runc", "1.4.3", "amd64");
  const known = { file: runc.file, version: runc.version, locked: runc };
  const unknown = { ...known, locked: { ...runc, sha256: "unknown" } };

  it("is the project if it can be reached and the hash is known, else a build", () => {
    assert.equal(originOf(known, "auto", true), "official");
    assert.equal(originOf(unknown, "auto", true), "built");
    assert.deepEqual(origins("auto", true), new Set(["official", "built"]));
    assert.deepEqual(origins("auto", false), new Set(["built"]));
    assert.deepEqual(origins("build", true), new Set(["built"]));
  });

  it("is the project alone if the source says so", () => {
    assert.equal(originOf(known, "official", true), "official");
    assert.throws(() => originOf(unknown, "official", true), {
      message:
        "the official SHA-256 of runc 1.4.3 is unknown: npm run lock -- add runc 1.4.3 looks it up; or run this with --source auto or build",
    });
    const files = wantedFiles(versionsOf("1.36.3"), "amd64", "official");
    assert.ok(files.every((item) => "locked" in item));
    // Hosts take that program from its image.
    assert.ok(files.every(({ file }) => !file.startsWith("flannel-cni")));
  });

  it("does not exist offline for a file that can't be built", () => {
    const crictl = lockedFile("crictl", "1.36.0", "amd64");
    assert.equal(canBuild("crictl", "1.36.0"), false);
    assert.equal(canBuild("crictl", "1.37.0"), true);
    assert.throws(() => originOf({ file: crictl.file, version: "1.36.0", locked: crictl }, "auto", false), {
      message:
        "crictl 1.36.0 can't be built here: there is no artifacts/go/crictl-1.36.0. Take the project's own file, or pin its Go modules: npm run pin -- crictl 1.36.0",
    });
    assert.throws(() => buildOfFile("kubelet", "1.36.4"), /there is no artifacts\/go\/kubernetes-1\.36\.4\./);
  });
});
